import type { JSX } from "preact";

import type { Decisions } from "../store.ts";

const KINDS = [
  { key: "allow", sign: "✓", label: "allow" },
  { key: "deny", sign: "✕", label: "deny" },
  { key: "error", sign: "!", label: "error" },
  { key: "noOpinion", sign: "–", label: "no opinion" },
] as const;

/** Verdicts of one revision: a bar of their shares and the counts, each with its one colour and sign. */
export function VerdictBar({ decisions }: { decisions: Decisions }): JSX.Element {
  const total = KINDS.reduce((sum, { key }) => sum + decisions[key], 0);
  return (
    <div class="verdicts">
      <div class="bar" aria-hidden="true">
        {KINDS.map(({ key }) =>
          decisions[key] === 0 ? null : (
            <i key={key} class={key} style={{ width: `${(100 * decisions[key]) / total}%` }} />
          ),
        )}
      </div>
      <ul>
        {KINDS.map(({ key, sign, label }) => (
          <li key={key} class={key}>
            <b>{sign}</b> {label} <span class="number">{decisions[key].toLocaleString("en")}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
