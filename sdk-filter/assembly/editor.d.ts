// What an editor needs beside AssemblyScript's own declarations. The compiler never reads this file.

declare function __collect(): void;

// The part of as-pect that specs use; the package's own types cannot be named in a tsconfig.
declare function describe(name: string, tests: () => void): void;
declare function it(name: string, test: () => void): void;
declare function expect<T>(actual: T): Expectation<T>;
interface Expectation<T> {
  readonly not: Expectation<T>;
  toBe(expected: T, message?: string): void;
  toStrictEqual(expected: T, message?: string): void;
  toBeNull(message?: string): void;
}
