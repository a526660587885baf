// Rounds of load that contenders take in turns, because a machine's speed drifts, and what can be said of them: medians of
// each, and ratios that are taken within a round before their median is.

import type { Contender } from "./contender.ts";
import { atMost, median, told, type Figure } from "./figure.ts";
import { cpuMicroseconds, residentMebibytes } from "./process-tree.ts";
import type { BenchOptions } from "./run.ts";
import { runWrk } from "./wrk.ts";

/** What is asked of every contender of a scenario. */
export interface Load {
  readonly wrk: string;
  readonly cores: readonly number[];
  readonly connections: number;
  readonly path: string;
  readonly headers: readonly string[];
  /** Bytes of a POST's body; a GET without. */
  readonly postBytes?: number;
}

interface Round {
  readonly requestsPerSecond: number;
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly p999Us: number | null;
  readonly failures: number;
}

export type Measured = "requestsPerSecond" | "cpuUs" | "p50Us" | "p99Us";

/** Before a contender's first round; what it compiles while it runs hot is not what is compared. */
const WARM_UP_SECONDS = 2;

export class LoadRounds {
  private readonly rounds: ReadonlyMap<string, readonly Round[]>;
  private readonly contenders: readonly Contender[];

  /** Runs them all. */
  static async run(contenders: readonly Contender[], load: Load, options: BenchOptions): Promise<LoadRounds> {
    const rounds = new Map<string, Round[]>(contenders.map(({ name }) => [name, []]));
    for (const contender of contenders) await measure(contender, load, WARM_UP_SECONDS);
    for (let round = 1; round <= options.rounds; round++) {
      for (const contender of contenders) {
        const result = await measure(contender, load, options.seconds);
        rounds.get(contender.name)!.push(result);
        options.progress(`round ${round} ${contender.name}: ${inWords(result)}`);
      }
    }
    return new LoadRounds(contenders, rounds);
  }

  private constructor(contenders: readonly Contender[], rounds: ReadonlyMap<string, readonly Round[]>) {
    this.contenders = contenders;
    this.rounds = rounds;
  }

  /** The median over rounds of what `a` measured by what `b` did in the same round. */
  ratio(of: Measured, a: string, b: string): number {
    return median(this.pairs(of, a, b).map(([one, other]) => one / other));
  }

  /** The same of what `a` measured above what `b` did. */
  difference(of: Measured, a: string, b: string): number {
    return median(this.pairs(of, a, b).map(([one, other]) => one - other));
  }

  /** Each contender's own figures, and what it is beside `peer`. */
  figures(scenario: string, peer: string): Figure[] {
    return this.contenders.flatMap((contender) => {
      const title = `${scenario}, ${contender.name}`;
      const own = this.ownFigures(title, contender);
      if (contender.name === peer) return own;
      return [
        ...own,
        told(`${title}: throughput by ${peer}`, this.ratio("requestsPerSecond", contender.name, peer), "x"),
        told(`${title}: CPU by ${peer}`, this.ratio("cpuUs", contender.name, peer), "x"),
        told(`${title}: p99 by ${peer}`, this.ratio("p99Us", contender.name, peer), "x"),
      ];
    });
  }

  private ownFigures(title: string, { name, pid }: Contender): Figure[] {
    const rounds = this.rounds.get(name)!;
    const middle = (of: (round: Round) => number): number => median(rounds.map(of));
    return [
      told(
        `${title}: throughput`,
        middle((round) => round.requestsPerSecond),
        "req/s",
      ),
      told(
        `${title}: CPU per request`,
        middle((round) => round.cpuUs),
        "us",
      ),
      told(
        `${title}: p50`,
        middle((round) => round.p50Us),
        "us",
      ),
      told(
        `${title}: p99`,
        middle((round) => round.p99Us),
        "us",
      ),
      told(
        `${title}: p99.9`,
        middle((round) => round.p999Us!),
        "us",
      ),
      told(`${title}: memory`, residentMebibytes(pid), "MiB"),
      atMost(
        `${title}: failed requests`,
        rounds.reduce((sum, round) => sum + round.failures, 0),
        "",
        0,
      ),
    ];
  }

  private pairs(of: Measured, a: string, b: string): [number, number][] {
    const others = this.rounds.get(b)!;
    return this.rounds.get(a)!.map((round, i) => [round[of], others[i]![of]]);
  }
}

async function measure({ pid, url }: Contender, load: Load, seconds: number): Promise<Round> {
  const before = cpuMicroseconds(pid);
  const result = await runWrk({ ...load, url: new URL(load.path, url).href, seconds });
  return { ...result, cpuUs: (cpuMicroseconds(pid) - before) / result.requests };
}

function inWords({ requestsPerSecond, cpuUs, p50Us, p99Us, failures }: Round): string {
  return `${Math.round(requestsPerSecond)} requests/s, ${cpuUs.toFixed(1)} us CPU, p50 ${p50Us} us, p99 ${p99Us} us, ${failures} failed`;
}
