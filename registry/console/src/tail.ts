// Records of streams as the proxies finish them. Memory is bounded: the newest are kept, and drawn at most four times a
// second however many come.

import type { StreamRecord } from "./api.ts";

export interface TailWish {
  readonly denied: boolean;
  readonly slot: string;
  readonly status: string;
  readonly path: string;
}

/** A record with a number of its own: ids of different proxies are not known to differ. */
export interface TailLine {
  readonly place: number;
  readonly record: StreamRecord;
}

export interface TailState {
  /** Newest first. */
  readonly lines: readonly TailLine[];
  /** Records that proxies, registry or this page left out, for there were too many. */
  readonly dropped: number;
  /** Proxies that were told to send records; null before the registry has answered. */
  readonly proxies: readonly string[] | null;
  readonly isOpen: boolean;
  /** The registry did not understand the wish, or has no room. */
  readonly isRefused: boolean;
}

export const LINES_MAX = 1_000;
const REDRAW_INTERVAL_MS = 250;

export const EMPTY_TAIL: TailState = { lines: [], dropped: 0, proxies: null, isOpen: false, isRefused: false };

/** Follows the records that `wish` asks for and tells of them until the answer is called. */
export function openTail(wish: TailWish, tell: (state: TailState) => void): () => void {
  const events = new EventSource(`/v1/tail?${tailQuery(wish)}`);
  let state = EMPTY_TAIL;
  let waiting: TailLine[] = [];
  let dropped = 0;
  let place = 0;
  const flush = (): void => {
    if (waiting.length === 0 && dropped === 0) return;
    const lines = [...waiting.toReversed(), ...state.lines].slice(0, LINES_MAX);
    state = { ...state, lines, dropped: state.dropped + dropped };
    waiting = [];
    dropped = 0;
    tell(state);
  };
  const timer = window.setInterval(flush, REDRAW_INTERVAL_MS);
  const change = (changes: Partial<TailState>): void => tell((state = { ...state, ...changes }));
  events.addEventListener("hello", (event: MessageEvent<string>) => {
    change({ isOpen: true, proxies: (JSON.parse(event.data) as { proxies: string[] }).proxies });
  });
  events.addEventListener("record", (event: MessageEvent<string>) => {
    // Beyond what one redraw can show, a record is not even parsed.
    if (waiting.length >= LINES_MAX) dropped += 1;
    else waiting.push({ place: place++, record: JSON.parse(event.data) as StreamRecord });
  });
  events.addEventListener("dropped", (event: MessageEvent<string>) => {
    dropped += (JSON.parse(event.data) as { count: number }).count;
  });
  // A stream that broke is opened again by the browser; one that was refused is not.
  events.addEventListener("error", () =>
    change({ isOpen: false, isRefused: events.readyState === EventSource.CLOSED }),
  );
  return () => {
    window.clearInterval(timer);
    events.close();
  };
}

/** The words of `GET /v1/tail`; what is empty is not asked for. */
export function tailQuery({ denied, slot, status, path }: TailWish): string {
  const words = { denied: denied ? "1" : "", slot, status: status.replaceAll(/\s/g, ""), path };
  return new URLSearchParams(Object.entries(words).filter(([, value]) => value !== "")).toString();
}
