// What every report sink must do; each implementation runs it.

import { describe, expect, it } from "vitest";
import type { ReportSink } from "./report-sink.ts";

export interface SinkUnderTest {
  readonly sink: ReportSink;
  /** Everything the sink has written so far. */
  written(): Promise<string>;
}

export function reportSinkKit(name: string, open: () => Promise<SinkUnderTest>): void {
  const lines = (text: string): Uint8Array => new TextEncoder().encode(text);

  describe(`${name}, as a report sink`, () => {
    it("writes batches whole and in order", async () => {
      const { sink, written } = await open();
      for (let i = 0; i < 100; i++) sink.write(lines(`{"n":${i}}\n`), 1);
      await sink.flush();
      expect(await written()).toBe(Array.from({ length: 100 }, (_, i) => `{"n":${i}}\n`).join(""));
      await sink.close();
    });

    it("writes what it has taken before it closes", async () => {
      const { sink, written } = await open();
      sink.write(lines("a\nb\n"), 2);
      await sink.close();
      expect(await written()).toBe("a\nb\n");
    });

    it("resolves a flush with nothing to write", async () => {
      const { sink } = await open();
      await sink.flush();
      expect(sink.dropped).toBe(0);
      await sink.close();
    });
  });
}
