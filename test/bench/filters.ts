// `npm run bench -- filters`: what each shipped filter costs a request through its whole life cycle, in time and in fuel,
// configured and isolated as a deployment would have it. Rounds of all filters take turns, so that what disturbs the machine
// disturbs all of them.

import { atMost, median, told, type Figure } from "./figure.ts";
import { FilterLife, LIVES, type LifeSetup } from "./filter-life.ts";
import { policies } from "./rbac-policies.ts";
import type { BenchOptions } from "./run.ts";

/** What a filter may cost a request, and what an image may cost where a stream has an instance of its own. */
const FILTER_US_MAX = 0.5;
const IMAGE_US_PER_64_KIB = 0.7;
/** Time of a metered filter by that of the same module as it was pushed. */
const METERED_MAX = 1.1;

/** Long enough for the engine's compilers, which work beside us and on a busy machine late. */
const WARM_UP_MS = 2000;
/** Measurements in a round. */
const REPEATS = 20;

const perSecond = (name: string, count: number): NonNullable<LifeSetup["quotas"]>[number] => ({
  name,
  windows: [{ count, perMs: 1000, burst: count }],
});

const SETUPS: readonly LifeSetup[] = [
  { filter: "rbac", isolation: "stream", requiresCheck: true, config: { policies } },
  {
    filter: "rate-limit",
    isolation: "shared",
    requiresCheck: true,
    // Never used up: refusals are another figure than the one that all requests pay.
    quotas: [perSecond("per-user", 1e9), perSecond("per-address", 1e9)],
    config: {
      limits: [
        { quota: "per-user", by: ["header:x-user"] },
        { quota: "per-address", by: ["source"] },
      ],
    },
  },
  {
    filter: "mirror",
    isolation: "shared",
    capabilities: ["callout"],
    config: {
      targets: [
        { cluster: "canary", percent: 5, by: "header:x-user" },
        { cluster: "audit", methods: ["POST"], paths: ["/orders/*"] },
      ],
    },
  },
  {
    filter: "headers",
    isolation: "shared",
    config: {
      rules: [
        {
          request: { remove: ["x-debug"], set: [{ name: "x-client", value: "${source.address}" }] },
          response: { remove: ["server"] },
        },
        {
          when: [{ attribute: "request.url_path", values: ["/api/*"] }],
          response: { set: [{ name: "cache-control", value: "no-store" }] },
        },
      ],
    },
  },
  {
    filter: "cors",
    isolation: "stream",
    config: { origins: ["https://app.example.com", "https://*.partner.example"], methods: ["PUT"], credentials: true },
  },
  {
    filter: "fault",
    isolation: "shared",
    capabilities: ["timer"],
    config: {
      faults: [
        { name: "testers", when: [{ attribute: "request.headers[x-chaos]", values: ["*"] }], delay: "200ms" },
        { name: "some", percent: 0.001, by: "header:x-user", abort: { status: 503 } },
      ],
    },
  },
];

export async function benchFilters({ rounds, progress }: BenchOptions): Promise<Figure[]> {
  const subjects: Subject[] = [];
  for (const setup of SETUPS) {
    const metered = await FilterLife.of({ ...setup, isolation: "shared" });
    subjects.push(new Subject(setup, await FilterLife.of(setup), metered, await FilterLife.unmeteredOf(setup)));
  }
  progress(`warming ${subjects.length} filters up`);
  for (const subject of subjects) subject.warmUp();
  for (let round = 0; round < rounds; round++) {
    progress(`round ${round + 1} of ${rounds}`);
    for (const subject of subjects) for (let i = 0; i < REPEATS; i++) subject.measure();
  }
  return subjects.flatMap((subject) => subject.figures());
}

class Subject {
  private readonly setup: LifeSetup;
  private readonly life: FilterLife;
  /** The module metered and as it was, both in one instance for all streams. */
  private readonly metered: FilterLife;
  private readonly plain: FilterLife;
  private readonly meteredRatios: number[] = [];
  /** The best measurement: what disturbs one only ever adds to it. */
  private streamUs = Infinity;
  private withoutUs = Infinity;
  private instanceUs = Infinity;

  constructor(setup: LifeSetup, life: FilterLife, metered: FilterLife, plain: FilterLife) {
    this.setup = setup;
    this.life = life;
    this.metered = metered;
    this.plain = plain;
  }

  warmUp(): void {
    const endMs = performance.now() + WARM_UP_MS;
    while (performance.now() < endMs) this.measure();
  }

  measure(): void {
    this.streamUs = Math.min(
      this.streamUs,
      microseconds(() => this.life.run()),
    );
    this.withoutUs = Math.min(
      this.withoutUs,
      microseconds(() => this.life.runWithout()),
    );
    const plainUs = microseconds(() => this.plain.run());
    this.meteredRatios.push(microseconds(() => this.metered.run()) / plainUs);
    if (this.isIsolated)
      this.instanceUs = Math.min(
        this.instanceUs,
        microseconds(() => this.life.instanceOnly()),
      );
  }

  figures(): Figure[] {
    const { filter } = this.setup;
    const fuel = told(`${filter}, fuel`, this.life.fuel, "instr.");
    const costUs = this.streamUs - this.withoutUs;
    const metered = atMost(`${filter}, metered by plain`, median(this.meteredRatios), "x", METERED_MAX);
    if (!this.isIsolated) return [atMost(filter, costUs, "us", FILTER_US_MAX), metered, fuel];
    const budget = FILTER_US_MAX + (this.life.imageBytes / 65_536) * IMAGE_US_PER_64_KIB;
    return [
      atMost(`${filter}, image put back`, costUs, "us", budget),
      told(`${filter}, of that an instance put back untouched`, this.instanceUs, "us"),
      metered,
      fuel,
    ];
  }

  private get isIsolated(): boolean {
    return this.setup.isolation === "stream";
  }
}

/** Of one stream. */
function microseconds(run: () => void): number {
  const startMs = performance.now();
  run();
  return ((performance.now() - startMs) * 1000) / LIVES;
}
