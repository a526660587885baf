import { describe, expect, it } from "vitest";
import { ConnectionTable } from "./connection-table.ts";
import { SWEEP_MS } from "./limits.ts";

class Row {
  tableIndex = -1;
  reached: string[] = [];
  deadlineReached(): void {
    this.reached.push("wait");
  }
  responseDeadlineReached(): void {
    this.reached.push("response");
  }
  requestDeadlineReached(): void {
    this.reached.push("request");
  }
  streamDeadlineReached(): void {
    this.reached.push("stream");
  }
}

function tableOf(count: number): { table: ConnectionTable<Row>; rows: Row[] } {
  const table = new ConnectionTable<Row>();
  const rows = Array.from({ length: count }, () => new Row());
  for (const row of rows) table.add(row);
  return { table, rows };
}

describe("ConnectionTable", () => {
  it("tells of a deadline once, not before its time and at most two sweeps after", () => {
    const { table, rows } = tableOf(1);
    table.wait(rows[0]!, 2 * SWEEP_MS);
    table.sweep();
    table.sweep();
    expect(rows[0]!.reached).toEqual([]);
    table.sweep();
    table.sweep();
    table.sweep();
    expect(rows[0]!.reached).toEqual(["wait"]);
  });

  it("keeps the wait and the response's bound apart", () => {
    const { table, rows } = tableOf(1);
    table.wait(rows[0]!, 100 * SWEEP_MS);
    table.respondWithin(rows[0]!, SWEEP_MS);
    for (let i = 0; i < 5; i++) table.sweep();
    expect(rows[0]!.reached).toEqual(["response"]);
    table.respondWithin(rows[0]!, SWEEP_MS);
    table.respondWithin(rows[0]!, 0);
    for (let i = 0; i < 5; i++) table.sweep();
    expect(rows[0]!.reached).toEqual(["response"]);
  });

  it("bounds request and stream from the stream's beginning, until the next one begins", () => {
    const { table, rows } = tableOf(1);
    table.begin(rows[0]!, SWEEP_MS, 3 * SWEEP_MS);
    for (let i = 0; i < 8; i++) table.sweep();
    expect(rows[0]!.reached).toEqual(["request", "stream"]);
    table.begin(rows[0]!, SWEEP_MS, SWEEP_MS);
    table.begin(rows[0]!, 0, 0);
    for (let i = 0; i < 8; i++) table.sweep();
    expect(rows[0]!.reached).toHaveLength(2);
  });

  it("moves the last connection and its deadlines to a place that became free", () => {
    const { table, rows } = tableOf(600);
    table.wait(rows[599]!, SWEEP_MS);
    table.remove(rows[3]!);
    expect([table.count, rows[599]!.tableIndex, rows[3]!.tableIndex]).toEqual([599, 3, -1]);
    table.wait(rows[3]!, 0);
    for (let i = 0; i < 4; i++) table.sweep();
    expect(rows.filter(({ reached }) => reached.length > 0)).toEqual([rows[599]]);
  });

  it("visits every connection, also while they are removed", () => {
    const { table, rows } = tableOf(10);
    table.each((row) => {
      row.reached.push("visited");
      table.remove(row);
    });
    expect(table.count).toBe(0);
    expect(rows.every(({ reached }) => reached.length === 1)).toBe(true);
  });
});
