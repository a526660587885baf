import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

const STEPS: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

// One timer for all times on the page; a time is drawn again only when its words change.
const ticks = new Set<() => void>();
window.setInterval(() => ticks.forEach((tick) => tick()), 1000);

/** A point in time as "14 s ago", the exact time on hover; counts on by itself. */
export function Ago({ time }: { time: string | null }): JSX.Element {
  const [, setText] = useState("");
  useEffect(() => {
    if (time === null) return undefined;
    const tick = (): void => setText(agoText(Date.now() - Date.parse(time)));
    ticks.add(tick);
    return () => void ticks.delete(tick);
  }, [time]);
  if (time === null) return <span class="quiet">never</span>;
  return (
    <time class="number" dateTime={time} title={time}>
      {agoText(Date.now() - Date.parse(time))}
    </time>
  );
}

function agoText(elapsedMs: number): string {
  const seconds = Math.floor(Math.abs(elapsedMs) / 1000);
  const [unit, name] = STEPS.find(([unit]) => seconds >= unit) ?? [1, "s"];
  const span = `${Math.floor(seconds / unit)} ${name}`;
  if (seconds < 1) return "now";
  return elapsedMs < 0 ? `in ${span}` : `${span} ago`;
}
