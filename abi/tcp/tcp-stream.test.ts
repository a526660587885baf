import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MemoryServices } from "../host/memory-services.ts";
import { Plugin } from "../host/plugin.ts";
import { prepareModule } from "../module/artifact.ts";
import { DEFAULT_CAPABILITIES } from "../spec/row.ts";
import { CAUSE } from "../stream/cause.ts";
import { Chain, type ChainSlot } from "../stream/chain.ts";
import { GuestText } from "../stream/fixtures/guest-text.ts";
import { MemoryConnection } from "./memory-connection.ts";

const DOWN = 2;
const UP = 3;

type Guest = (g: GuestText) => GuestText;
type SlotOptions = Partial<Pick<ChainSlot, "failOpen" | "dryRun">> & { readonly isolation?: "stream" | "shared" };

/** A connection through filters of these texts; what they logged, with the filter's place in front when there are several. */
class Line {
  readonly services = new MemoryServices();
  readonly chain: Chain;
  readonly connection: MemoryConnection;

  constructor(guests: readonly (Guest | null)[], options: SlotOptions = {}, heldBytesMax?: number) {
    this.chain = new Chain(
      guests.map((guest, index) => this.slot(guest, index, options)),
      heldBytesMax,
    );
    this.connection = this.another();
  }

  another(): MemoryConnection {
    return new MemoryConnection({
      chain: this.chain,
      properties: { "source\0address": Buffer.from("198.51.100.7:40000") },
    });
  }

  /** Guests' logs since the last time: `0 text` where there are several slots. */
  logs(): string[] {
    const lines = this.services.logs.splice(0).filter(({ source }) => source === "guest");
    return lines.map(({ slot, message }) => (this.chain.slots.length === 1 ? message : `${slot} ${message}`));
  }

  transcript(): string[] {
    return this.connection.transcript.splice(0);
  }

  private slot(guest: Guest | null, index: number, { isolation = "shared", ...options }: SlotOptions): ChainSlot {
    const plugin = guest === null ? null : this.plugin(guest, String(index), isolation);
    const revision = { plugin, filter: "f", version: "v", revision: "r", notLoaded: null, requiresCheck: false };
    return {
      name: String(index),
      index,
      revisions: [revision],
      split: null,
      failOpen: 0,
      dryRun: false,
      bodyWhilePaused: false,
      ...options,
    };
  }

  private plugin(guest: Guest, slot: string, isolation: "stream" | "shared"): Plugin {
    const spec = {
      slot,
      filter: "f",
      version: "v",
      revision: "r",
      pluginName: "f",
      rootId: "",
      vmId: "vm",
      pluginConfig: new Uint8Array(0),
      vmConfig: new Uint8Array(0),
      environment: {},
      capabilities: [...DEFAULT_CAPABILITIES, "timer"] as const,
      limits: { memoryBytes: 16 * 1024 * 1024, fuel: 1_000_000, depth: 1024 },
      isolation,
      requiresCheck: false,
      bodyCallbacks: "all" as const,
    };
    const plugin = new Plugin(prepareModule(guest(new GuestText()).module()), spec, this.services);
    plugin.start();
    return plugin;
  }
}

/** Logs each of its callbacks by name, closes with who closed. */
const telling: Guest = (g) =>
  g
    .on("newConnection", g.log("new"))
    .on("downstreamData", g.logBody(DOWN), g.atEnd(g.log("down end")))
    .on("upstreamData", g.logBody(UP), g.atEnd(g.log("up end")))
    .on("upstreamClose", g.log("upstream close"), whoClosed(g))
    .on("downstreamClose", g.log("downstream close"), whoClosed(g))
    .on("done", g.log("done"))
    .on("log", g.log("log"))
    .on("delete", g.log("delete"));

/** In a close: logs who did it. */
function whoClosed(g: GuestText): string {
  return [0, 1, 2]
    .map((peer) => `(if (i32.eq (local.get 1) (i32.const ${peer})) (then ${g.log(`by ${peer}`)}))`)
    .join("\n");
}

const silent: Guest = (g) => g.on("create", "(nop)");

describe("TcpStream", () => {
  it("passes data of both directions, and ends done, log, delete after the downstream's close", () => {
    const line = new Line([telling]);
    const { connection } = line;
    connection.clientSays("hello");
    connection.upstreamSays("welcome");
    connection.clientEnds();
    connection.upstreamEnds();
    connection.clientCloses();
    connection.clientSays("nobody hears it");
    expect(line.transcript()).toEqual([
      "connect",
      '> "hello"',
      '< "welcome"',
      '> "" end',
      '< "" end',
      "close upstream",
    ]);
    expect(line.logs()).toEqual(
      [
        "new hello welcome".split(" "),
        ["", "down end", "", "up end", "upstream close", "by 0"],
        ["downstream close", "by 2", "done", "log", "delete"],
      ].flat(),
    );
  });

  it("asks filters in order on the way up and in reverse on the way down, and lets those without callbacks pass", () => {
    const line = new Line([telling, silent, telling]);
    line.connection.clientSays("a");
    line.connection.upstreamSays("b");
    line.connection.clientCloses();
    expect(line.logs()).toEqual(
      [
        ["0 new", "2 new", "0 a", "2 a", "2 b", "0 b"],
        ["downstream close", "by 2", "done", "log", "delete"].map((what) => `0 ${what}`),
        ["downstream close", "by 2", "done", "log", "delete"].map((what) => `2 ${what}`),
      ].flat(),
    );
  });

  it("stops reading at a connection that a filter stopped, until it goes on", () => {
    const line = new Line([
      telling,
      (g) =>
        g
          .on("create", g.keepStream())
          .on("configure", g.tickEvery(10))
          .on("newConnection", g.log("new"), g.pause())
          .on("downstreamData", g.logBody(DOWN))
          .on("tick", g.actOnStream(), g.continueStream(DOWN)),
      telling,
    ]);
    line.connection.clientSays("early");
    expect([line.logs(), line.transcript()]).toEqual([["0 new", "1 new"], []]);
    line.services.clock.advance(10);
    expect([line.logs(), line.transcript()]).toEqual([
      ["2 new", "0 early", "1 early", "2 early"],
      ["connect", '> "early"'],
    ]);
  });

  it("takes a continue from the callback that stops: it wins", () => {
    const line = new Line([
      (g) =>
        g
          .on("newConnection", g.continueStream(DOWN), g.pause())
          .on("downstreamData", g.continueStream(DOWN), g.pause())
          .on("upstreamData", g.continueStream(UP), g.pause()),
    ]);
    line.connection.clientSays("a");
    line.connection.upstreamSays("b");
    expect(line.transcript()).toEqual(["connect", '> "a"', '< "b"']);
  });

  it.each([
    {
      type: DOWN,
      callback: "downstreamData" as const,
      says: "clientSays" as const,
      ends: "clientEnds" as const,
      sign: ">",
    },
    {
      type: UP,
      callback: "upstreamData" as const,
      says: "upstreamSays" as const,
      ends: "upstreamEnds" as const,
      sign: "<",
    },
  ])(
    "shows stopped data again with what comes next, buffer $type, and sends them together",
    ({ type, callback, says, ends, sign }) => {
      const line = new Line([(g) => g.on(callback, g.logBody(type), g.beforeEnd(g.pause()))]);
      line.connection[says]("a");
      line.connection[says]("b");
      expect([line.logs(), line.transcript()]).toEqual([["a", "ab"], ["connect"]]);
      line.connection[ends]();
      expect([line.logs(), line.transcript()]).toEqual([["ab"], [`${sign} "ab" end`]]);
    },
  );

  it("lets stopped data go on past the filter when it continues later, without asking it again", () => {
    const line = new Line([
      (g) =>
        g
          .on("create", g.keepStream())
          .on("configure", g.tickEvery(10))
          .on("downstreamData", g.logBody(DOWN), g.pause())
          .on("tick", g.actOnStream(), g.setBody(DOWN, "edited"), g.continueStream(DOWN)),
      telling,
    ]);
    line.connection.clientSays("a");
    line.logs();
    line.services.clock.advance(10);
    expect([line.logs(), line.transcript()]).toEqual([["1 edited"], ["connect", '> "edited"']]);
    line.services.clock.advance(10);
    expect([line.logs(), line.transcript()]).toEqual([[], []]);
  });

  it("sends what a filter made of data, and undoes what it made before it failed", () => {
    const edits: Guest = (g) => g.on("downstreamData", g.setBody(DOWN, "mine"));
    const fails: Guest = (g) => g.on("downstreamData", g.setBody(DOWN, "half"), g.trap());
    const line = new Line([edits, fails], { failOpen: CAUSE.trap });
    line.connection.clientSays("yours");
    line.connection.clientSays("more");
    expect(line.transcript()).toEqual(["connect", '> "mine"', '> "mine"']);
    expect(line.connection.stream.reports().map(({ failure }) => failure !== null)).toEqual([false, true]);
  });

  it("holds as much as it may, and lets the source wait for the filter", () => {
    const line = new Line(
      [
        (g) =>
          g
            .on("create", g.keepStream())
            .on("configure", g.tickEvery(10))
            .on("downstreamData", g.pause())
            .on("tick", g.actOnStream(), g.continueStream(DOWN)),
      ],
      {},
      8,
    );
    for (const text of ["1234", "5678", "90"]) line.connection.clientSays(text);
    line.services.clock.advance(10);
    line.services.clock.advance(10);
    expect(line.transcript()).toEqual(["connect", '> "12345678"', '> "90"']);
  });

  it.each([
    {
      type: DOWN,
      lines: ["connect", '> "bye"', "close downstream", "close upstream"],
      closes: ["downstream close", "by 1"],
    },
    {
      type: UP,
      lines: ["connect", '> "bye"', "close upstream", "close downstream"],
      closes: ["upstream close", "by 1", "downstream close", "by 1"],
    },
  ])("closes what a filter asks to be closed ($type) after what it let pass was sent", ({ type, lines, closes }) => {
    const line = new Line([(g) => telling(g).on("downstreamData", g.closeStream(type))]);
    line.connection.clientSays("bye");
    expect([line.transcript(), line.logs()]).toEqual([lines, ["new", ...closes, "done", "log", "delete"]]);
    expect([line.connection.isClientOpen, line.connection.isUpstreamOpen]).toEqual([false, false]);
  });

  it("tells of an upstream that went away, sends what is held, then closes the downstream", () => {
    const line = new Line([
      (g) =>
        telling(g)
          .on("create", g.keepStream())
          .on("configure", g.tickEvery(10))
          .on("upstreamData", g.pause())
          .on("tick", g.actOnStream(), g.continueStream(UP)),
    ]);
    line.connection.upstreamSays("held");
    line.connection.upstreamCloses();
    expect([line.logs(), line.transcript()]).toEqual([["new", "upstream close", "by 2"], ["connect"]]);
    line.services.clock.advance(10);
    expect(line.transcript()).toEqual(['< "held"', "close downstream"]);
    expect(line.logs()).toEqual(["downstream close", "by 1", "done", "log", "delete"]);
  });

  it("loses no byte and doubles none, whatever filters stop and however the bytes come", () => {
    const says = fc.record({
      from: fc.constantFrom("client" as const, "upstream" as const),
      text: fc.string({ maxLength: 9 }),
    });
    fc.assert(
      fc.property(fc.array(says, { maxLength: 30 }), fc.array(fc.nat({ max: 12 }), { maxLength: 3 }), (said, least) => {
        // Each filter stops less than so many bytes, until the end.
        const stops = (count: number): Guest => {
          const some = `(if (i32.lt_u (local.get 1) (i32.const ${count})) (then (return (i32.const 1))))`;
          return (g) => g.on("downstreamData", g.beforeEnd(some)).on("upstreamData", g.beforeEnd(some));
        };
        const { connection } = new Line(least.map(stops), {}, 16);
        for (const { from, text } of said) connection[from === "client" ? "clientSays" : "upstreamSays"](text);
        connection.clientEnds();
        connection.upstreamEnds();
        const all = (of: string): string => said.map(({ from, text }) => (from === of ? text : "")).join("");
        expect([connection.toUpstream, connection.toClient]).toEqual([all("client"), all("upstream")]);
      }),
      { numRuns: 40 },
    );
  });

  it("reads the connection's properties, keeps the filters' own for later ones, and has no maps and no bodies", () => {
    const line = new Line([
      (g) => g.on("newConnection", g.logProperty("source\0address"), g.setProperty("mine", "kept")),
      (g) =>
        g.on("downstreamData", g.logProperty("mine"), g.logBody(0), g.add(0, "x-a", "1"), g.reply(403, "no", "no")),
    ]);
    line.connection.clientSays("a");
    expect(line.logs()).toEqual(["0 198.51.100.7:40000", "1 kept", "1 kept"]);
    expect(line.transcript()).toEqual(["connect", '> "a"']);
  });

  it("adds to what is reported of a slot", () => {
    const line = new Line([(g) => g.on("upstreamClose", g.addition("closed", "yes"))]);
    line.connection.upstreamCloses();
    expect(line.connection.stream.reports()).toEqual([
      { slot: "0", filter: "f", failure: null, report: { closed: "yes" } },
    ]);
  });
});

describe("a filter of a TCP stream that fails", () => {
  const traps: Guest = (g) => telling(g).on("downstreamData", g.trap());

  it("cuts both connections; the others come to their end, and nothing more is asked of it", () => {
    const line = new Line([telling, traps]);
    line.connection.clientSays("a");
    line.connection.upstreamSays("b");
    expect(line.transcript()).toEqual(["connect", "abort FI"]);
    expect(line.logs()).toEqual(
      [
        ["0 new", "1 new", "0 a"],
        ["downstream close", "by 1", "done", "log", "delete"].map((what) => `0 ${what}`),
      ].flat(),
    );
    expect(line.connection.stream.reports()[1]!.failure).toContain("proxy_on_downstream_data");
  });

  it.each([
    {
      what: "traps in its creation",
      guest: (g: GuestText) => g.on("create", "(if (local.get 1) (then (unreachable)))"),
    },
    { what: "traps at the new connection", guest: (g: GuestText) => g.on("newConnection", g.trap()) },
    { what: "is not loaded", guest: null },
    { what: "spends its fuel", guest: (g: GuestText) => g.on("newConnection", g.loop()) },
  ])("lets no connection through when it $what, and lets it pass where that is what the slot says", ({ guest }) => {
    expect(new Line([guest, telling]).transcript()).toEqual(["abort FI"]);
    const open = new Line([guest, telling], { failOpen: CAUSE.trap | CAUSE.notLoaded | CAUSE.fuel });
    open.connection.clientSays("a");
    expect([open.transcript(), open.logs()]).toEqual([
      ["connect", '> "a"'],
      ["1 new", "1 a"],
    ]);
  });

  it("lets go what it held of both directions when it is left out", () => {
    const line = new Line([(g) => g.on("downstreamData", g.pause()).on("upstreamData", g.atEnd(g.trap()), g.pause())], {
      failOpen: CAUSE.trap,
    });
    line.connection.clientSays("up");
    line.connection.upstreamSays("down");
    line.connection.upstreamEnds();
    expect(line.transcript().toSorted()).toEqual(['< "down" end', '> "up"', "connect"]);
  });

  it("ends the other streams that its instance served, when it was shared", () => {
    const shared = new Line([traps]);
    const other = shared.another();
    shared.connection.clientSays("a");
    expect([shared.connection.flag, other.flag]).toEqual(["FI", "FI"]);
    const apart = new Line([traps], { isolation: "stream" });
    const third = apart.another();
    apart.connection.clientSays("a");
    third.upstreamSays("b");
    expect([apart.connection.flag, third.flag, third.toClient]).toEqual(["FI", null, "b"]);
  });
});
