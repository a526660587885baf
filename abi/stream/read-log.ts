// What checks of a stream looked at, in order and once each, by attribute name: for request files, `explain`, tests.

const PSEUDO: ReadonlyMap<string, string> = new Map([
  [":path", "request.path"],
  [":method", "request.method"],
  [":authority", "request.host"],
  [":scheme", "request.scheme"],
  ["*", "request.headers"],
]);

/** Properties whose last segment is a key of a map. */
const KEYED = /^(request|response)\.(headers|trailers)\.(.+)$/;

/** What the checks of a stream looked at, by name. Set it as `stream.readLog` before the head is fed. */
export class ReadLog {
  /** Header names of the running check, as the head spells them. */
  readonly headerNames: string[] = [];
  private readonly seen = new Set<string>();

  /** A property, its path's segments joined by NUL. */
  add(path: string): void {
    this.takeHeaderNames();
    const dotted = path.replaceAll("\0", ".");
    const keyed = KEYED.exec(dotted);
    this.seen.add(keyed === null ? dotted : `${keyed[1]}.${keyed[2]}[${keyed[3]}]`);
  }

  endCheck(): void {
    this.takeHeaderNames();
  }

  /** Attribute names: `request.url_path`, `request.headers[x-role]`, `request.headers` for the whole map. */
  names(): string[] {
    return [...this.seen];
  }

  private takeHeaderNames(): void {
    for (const name of this.headerNames) this.seen.add(PSEUDO.get(name) ?? `request.headers[${name}]`);
    this.headerNames.length = 0;
  }
}
