import type { JSX } from "preact";

export const VERDICTS = [
  { key: "allow", sign: "✓", label: "allowed" },
  { key: "deny", sign: "✕", label: "denied" },
  { key: "error", sign: "!", label: "errors" },
  { key: "noOpinion", sign: "–", label: "no opinion" },
] as const;

export type VerdictCounts = Readonly<Record<(typeof VERDICTS)[number]["key"], number>>;

export function decisionsIn(counts: VerdictCounts): number {
  return VERDICTS.reduce((sum, { key }) => sum + counts[key], 0);
}

/** The shares of one revision's verdicts, each in its one colour; the numbers stand beside it. */
export function VerdictBar({ counts }: { counts: VerdictCounts }): JSX.Element {
  const all = decisionsIn(counts);
  return (
    <div class="bar" aria-hidden="true">
      {VERDICTS.map(({ key }) =>
        counts[key] === 0 ? null : <i key={key} class={key} style={{ width: `${(100 * counts[key]) / all}%` }} />,
      )}
    </div>
  );
}
