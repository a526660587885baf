import type { JSX } from "preact";

import type { Difference } from "../api.ts";

const SIGNS: Record<Difference["kind"], string> = { added: "+", removed: "−", changed: "~", moved: "↕" };
/** Differences shown one by one; a chain replaced as a whole has thousands. */
const SHOWN_MAX = 200;

/** What changes between two deployments, place by place. */
export function DifferenceList({ diff }: { diff: readonly Difference[] }): JSX.Element {
  if (diff.length === 0) return <p class="quiet">Nothing would change.</p>;
  return (
    <ul class="differences" aria-label="difference">
      {diff.slice(0, SHOWN_MAX).map((difference) => (
        <li key={`${difference.kind} ${difference.path}`} class={difference.kind}>
          <b>{SIGNS[difference.kind]}</b> <code>{difference.path}</code>
          {/* Long values scroll, so the keyboard must be able to reach them. */}
          {difference.from !== undefined && <del tabIndex={0}>{valueText(difference.from)}</del>}
          {difference.to !== undefined && <ins tabIndex={0}>{valueText(difference.to)}</ins>}
        </li>
      ))}
      {diff.length > SHOWN_MAX && <li class="quiet">and {diff.length - SHOWN_MAX} more</li>}
    </ul>
  );
}

/** One line that fits a row: how much changed and where first. */
export function differenceText(diff: readonly Difference[]): string {
  const [first] = diff;
  if (first === undefined) return "nothing changed";
  const more = diff.length > 1 ? ` and ${diff.length - 1} more` : "";
  return `${SIGNS[first.kind]} ${first.path}${more}`;
}

function valueText(value: unknown): string {
  return typeof value === "object" ? JSON.stringify(value, null, 1) : JSON.stringify(value);
}
