// What the configuration came to: which origins, and the fields that every answer of a kind has.

import { ByteTrie, ReplyFields, Text, Value } from "@sluice/sdk-filter/assembly";

@final
export class CorsPolicy {
  /** Everybody's pages, without credentials. */
  allowsAll: bool = false;
  credentials: bool = false;
  /** The value of Access-Control-Expose-Headers, null when nothing is exposed. */
  exposed: Text | null = null;
  /** What an answered preflight has beside the fields of every response. */
  readonly preflight: ReplyFields = new ReplyFields();
  /** Filled by the compiler, then frozen. */
  readonly exact: ByteTrie = new ByteTrie();
  readonly wildcards: Wildcard[] = [];

  allows(origin: Value): bool {
    if (this.allowsAll || this.exact.exact(origin.start, origin.size) != 0) return true;
    const wildcards = this.wildcards;
    for (let i = 0; i < wildcards.length; i++) if (unchecked(wildcards[i]).fits(origin)) return true;
    return false;
  }
}

/** `https://*.example.com`: any name below, with one label more or several. */
@final
export class Wildcard {
  private readonly before: Text;
  private readonly behind: Text;

  constructor(before: string, behind: string) {
    this.before = Text.of(before);
    this.behind = Text.of(behind);
  }

  fits(origin: Value): bool {
    const end = origin.size - this.behind.size;
    if (end <= this.before.size || !origin.startsWith(this.before) || !origin.endsWith(this.behind)) return false;
    // Only what may stand in a host: `https://evil.test/.example.com` ends well and is another site.
    for (let at = this.before.size; at < end; at++) if (!isHostByte(origin.byteAt(at))) return false;
    return origin.byteAt(this.before.size) != 0x2e;
  }
}

function isHostByte(byte: u8): bool {
  return <u32>(byte - 0x61) < 26 || <u32>(byte - 0x30) < 10 || byte == 0x2d || byte == 0x2e;
}
