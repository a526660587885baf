// Keeps the addresses of one host name: resolves it again and again, and goes on with the last good answer while name
// servers fail. Requests never wait for it: until the first answer a connection resolves the name itself.

import { promises } from "node:dns";
import { isIP } from "node:net";
import type { DnsConfig } from "../contract/index.ts";
import { jittered } from "./jitter.ts";
import { NAME_SERVER_MS, NAME_SERVER_TRIES, RESOLVED_ADDRESSES_MAX, RESOLVE_MS_MAX, RESOLVE_MS_MIN } from "./limits.ts";

/** Whether a host is watched: a literal has nothing to resolve, and this machine's own name is the system's affair. */
export function isWatchedName(host: string): boolean {
  return isIP(host) === 0 && host !== "localhost" && !host.endsWith(".localhost");
}

export class NameWatch {
  readonly name: string;
  /** null: no answer yet. */
  addresses: readonly string[] | null = null;
  /** Why the last resolution failed; null: it did not. */
  failure: string | null = null;
  private readonly dns: DnsConfig;
  private readonly changed: () => void;
  private readonly resolver: promises.Resolver;
  private timer: NodeJS.Timeout | null = null;
  private isStopped = false;

  /** `changed` is called when `addresses` or `failure` is another. */
  constructor(name: string, dns: DnsConfig, changed: () => void) {
    this.name = name;
    this.dns = dns;
    this.changed = changed;
    this.resolver = new promises.Resolver({ timeout: NAME_SERVER_MS, tries: NAME_SERVER_TRIES });
    if (dns.servers.length > 0) this.resolver.setServers(dns.servers);
  }

  start(): void {
    void this.resolveNow();
  }

  stop(): void {
    this.isStopped = true;
    if (this.timer !== null) clearTimeout(this.timer);
    this.resolver.cancel();
  }

  private async resolveNow(): Promise<void> {
    let againMs = this.dns.refreshMs;
    try {
      const answer = this.dns.servers.length === 0 ? await this.fromSystem() : await this.fromServers();
      if (this.isStopped) return;
      if (answer.ttlMs !== null) againMs = Math.min(answer.ttlMs, RESOLVE_MS_MAX);
      this.take(answer.addresses);
    } catch (error) {
      if (this.isStopped) return;
      this.fail((error as NodeJS.ErrnoException).code ?? (error as Error).message);
    }
    const ms = jittered(Math.max(againMs, RESOLVE_MS_MIN), Math.random());
    this.timer = setTimeout(() => void this.resolveNow(), ms).unref();
  }

  private take(found: readonly string[]): void {
    const addresses = found.toSorted().slice(0, RESOLVED_ADDRESSES_MAX);
    const isSame = this.failure === null && this.addresses?.join() === addresses.join();
    this.addresses = addresses;
    this.failure = null;
    if (!isSame) this.changed();
  }

  private fail(why: string): void {
    const isSame = this.failure === why;
    this.failure = why;
    if (!isSame) this.changed();
  }

  /** As any program here would find it: hosts file, search domains and all. It does not say for how long. */
  private async fromSystem(): Promise<Answer> {
    const found = await promises.lookup(this.name, { all: true });
    const ofFamily = (family: number): string[] =>
      found.filter((one) => one.family === family).map(({ address }) => address);
    return { addresses: chosen(this.dns.family, ofFamily(4), ofFamily(6)), ttlMs: null };
  }

  private async fromServers(): Promise<Answer> {
    const [four, six] = await Promise.allSettled([
      this.resolver.resolve4(this.name, { ttl: true }),
      this.resolver.resolve6(this.name, { ttl: true }),
    ]);
    const records = [four, six].map((one) => (one.status === "fulfilled" ? one.value : []));
    const addresses = chosen(this.dns.family, ...(records.map((all) => all.map(({ address }) => address)) as Both));
    if (addresses.length === 0) throw four.status === "rejected" ? (four.reason as Error) : new Error("no address");
    const ttls = records.flat().map(({ ttl }) => ttl);
    return { addresses, ttlMs: Math.min(...ttls) * 1_000 };
  }
}

interface Answer {
  readonly addresses: readonly string[];
  readonly ttlMs: number | null;
}
type Both = [string[], string[]];

/** One family is preferred, not demanded: a name that has only addresses of the other is still reached. */
function chosen(family: DnsConfig["family"], four: string[], six: string[]): readonly string[] {
  if (family === "both") return [...four, ...six];
  const [first, second] = family === "ipv4" ? [four, six] : [six, four];
  return first.length > 0 ? first : second;
}
