import { IdTable } from "./id-table";

@final
class Thing {
  readonly id: u32;
  constructor(id: u32) {
    this.id = id;
  }
}

function numberOf(table: IdTable<Thing>, id: u32): u32 {
  const thing = table.get(id);
  return thing === null ? 0 : thing.id;
}

describe("IdTable", () => {
  it("finds what was added until it is taken", () => {
    const table = new IdTable<Thing>();
    expect(table.get(5)).toBeNull();
    table.add(5, new Thing(5));
    expect(numberOf(table, 5)).toBe(5);
    expect(table.take(5) !== null).toBe(true);
    expect(table.take(5)).toBeNull();
    expect(table.get(5)).toBeNull();
  });
  it("keeps ids apart that stand at one place, whichever goes first", () => {
    const table = new IdTable<Thing>();
    const ids: u32[] = [16, 32, 48, 15, 31, 1];
    for (let i = 0; i < ids.length; i++) table.add(ids[i], new Thing(ids[i]));
    for (let i = 0; i < ids.length; i++) {
      table.take(ids[i]);
      for (let j = 0; j < ids.length; j++) expect(numberOf(table, ids[j])).toBe(j <= i ? 0 : ids[j]);
    }
  });
  it("agrees with a Map over many steps", () => {
    const table = new IdTable<Thing>();
    const model = new Map<u32, Thing>();
    let random: u32 = 12345;
    for (let step = 0; step < 20_000; step++) {
      random = random * 1664525 + 1013904223;
      const id = ((random >> 16) % 300) + 1;
      if (model.has(id)) {
        expect(table.take(id) === model.get(id)).toBe(true);
        model.delete(id);
      } else {
        const thing = new Thing(id);
        table.add(id, thing);
        model.set(id, thing);
      }
    }
    for (let id: u32 = 1; id <= 300; id++) expect(numberOf(table, id)).toBe(model.has(id) ? id : 0);
  });
});
