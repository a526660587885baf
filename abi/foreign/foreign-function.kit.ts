// What every function that filters call by name must do; each implementation runs it.

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FOREIGN_STATUSES, type ForeignCall, type ForeignFunction } from "./foreign-function.ts";

/** A call as a test makes it: properties in a map, fuel up to a bound. */
export class TestCall implements ForeignCall {
  readonly args: Uint8Array;
  readonly properties = new Map<string, Uint8Array>();
  readonly declared = new Map<string, boolean>();
  readonly warnings: string[] = [];
  fuel = 0;
  private readonly fuelMax: number;

  constructor(args: Uint8Array | string, fuelMax = 5_000_000) {
    this.args = Buffer.from(args);
    this.fuelMax = fuelMax;
  }

  property(path: string): Uint8Array | null {
    return this.properties.get(path) ?? null;
  }

  setProperty(path: string, value: Uint8Array): boolean {
    this.properties.set(path, new Uint8Array(value));
    return true;
  }

  declareProperty(path: string, isReadOnly: boolean): boolean {
    if (this.declared.has(path)) return false;
    this.declared.set(path, isReadOnly);
    return true;
  }

  spend(fuel: number): void {
    this.fuel += fuel;
    if (this.fuel > this.fuelMax) throw new FuelSpent();
  }

  warnOnce(text: string): void {
    this.warnings.push(text);
  }
}

export class FuelSpent extends Error {}

/** `good`: arguments that it answers Ok to. */
export function foreignFunctionKit(name: string, call: ForeignFunction, good: Uint8Array): void {
  const shown = (answer: Uint8Array | number): string | number =>
    typeof answer === "number" ? answer : Buffer.from(answer).toString("hex");

  describe(`${name}, as a function that filters call`, () => {
    it("answers arguments that it takes with a result, or with Ok alone", () => {
      const answer = call(new TestCall(good));
      expect(typeof answer === "number" ? answer : 0).toBe(0);
    });

    it("keeps nothing of the arguments: they are a filter's memory", () => {
      const one = new TestCall(good);
      const answer = call(one);
      const before = [shown(answer), [...one.properties.values()].map(shown)];
      one.args.fill(0xff);
      expect([shown(answer), [...one.properties.values()].map(shown)]).toEqual(before);
    });

    it("answers whatever it is given with a result or a status that SDKs know, or ends for want of fuel", () => {
      const mangled = fc
        .tuple(fc.nat({ max: Math.max(0, good.length - 1) }), fc.uint8Array({ maxLength: 8 }))
        .map(([at, bytes]) => Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + bytes.length)]));
      fc.assert(
        fc.property(fc.oneof(fc.uint8Array({ maxLength: 64 }), mangled), (args) => {
          try {
            const answer = call(new TestCall(args));
            if (typeof answer === "number") expect(FOREIGN_STATUSES).toContain(answer);
          } catch (thrown) {
            if (!(thrown instanceof FuelSpent)) throw thrown;
          }
        }),
        { numRuns: 100 },
      );
    });
  });
}
