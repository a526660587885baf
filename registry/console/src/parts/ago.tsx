import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

const STEPS: [number, string][] = [
  [86_400, "d"],
  [3_600, "h"],
  [60, "min"],
  [1, "s"],
];

/** A point in time as "14 s ago", the exact time on hover; counts on by itself. */
export function Ago({ time }: { time: string | null }): JSX.Element {
  const [, tick] = useState(0);
  useEffect(() => {
    const timer = window.setInterval(() => tick((n) => n + 1), 1000);
    return () => window.clearInterval(timer);
  }, []);
  if (time === null) return <span class="quiet">never</span>;
  return (
    <time dateTime={time} title={time}>
      {agoText(Date.now() - Date.parse(time))}
    </time>
  );
}

function agoText(elapsedMs: number): string {
  const seconds = Math.max(0, Math.floor(elapsedMs / 1000));
  const [unit, name] = STEPS.find(([unit]) => seconds >= unit) ?? [1, "s"];
  return seconds < 1 ? "now" : `${Math.floor(seconds / unit)} ${name} ago`;
}
