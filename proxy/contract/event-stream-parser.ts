// Server-sent events out of text as it arrives (WHATWG HTML, 9.2.6): fields event, data and id; comments are nothing.

export interface ServerSentEvent {
  readonly event: string;
  readonly data: string;
  readonly id: string;
}

export class EventStreamParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id = "";
  private chars = 0;
  private readonly charsMax: number;

  constructor(charsMax: number) {
    this.charsMax = charsMax;
  }

  /** The events that `text` completes. Throws RangeError when one is longer than the bound. */
  push(text: string): ServerSentEvent[] {
    const lines = (this.rest + text).split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop()!;
    this.chars += text.length;
    const events: ServerSentEvent[] = [];
    for (const line of lines) {
      if (line !== "") this.field(line);
      else this.dispatch(events);
    }
    if (this.chars > this.charsMax) throw new RangeError(`an event has more than ${this.charsMax} characters`);
    return events;
  }

  private field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "event") this.event = value;
    else if (name === "data") this.data.push(value);
    else if (name === "id") this.id = value;
  }

  private dispatch(events: ServerSentEvent[]): void {
    if (this.data.length > 0) events.push({ event: this.event || "message", data: this.data.join("\n"), id: this.id });
    this.event = "";
    this.data = [];
    this.chars = this.rest.length;
  }
}
