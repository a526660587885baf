// A slot's revisions side by side, a row per measure, so that numbers to be compared stand beside each other. Every row
// has its height from the start: live numbers never move what is below.

import type { ComponentChildren, JSX } from "preact";

import type { Rates, Recorder } from "../recorder.ts";
import { revisionKey } from "../fleet-counts.ts";
import type { Spread } from "../fleet-counts.ts";
import type { RevisionView, SlotView } from "../slot-view.ts";
import { Ago } from "./ago.tsx";
import { Digest } from "./digest.tsx";
import { bytesText, countText, microsText, plural, rateText, shareText } from "./figures.ts";
import { Swatch, revisionText } from "./revision-name.tsx";
import { VerdictBar, decisionsIn } from "./verdict-bar.tsx";

/** What one cell is made of. */
interface Cell {
  readonly view: RevisionView;
  readonly slot: SlotView;
  readonly rates: Rates | null;
}

const ROWS: readonly {
  readonly title: string;
  readonly kind?: string;
  readonly cell: (cell: Cell) => ComponentChildren;
}[] = [
  { title: "Share", cell: ShareCell },
  { title: "Requests", cell: RequestsCell },
  { title: "Verdicts", kind: "verdicts", cell: ({ view }) => <VerdictBar counts={view.count} /> },
  {
    title: "✓ allowed",
    kind: "allow",
    cell: ({ view }) => <Figure value={countText(view.count.allow)} note={shareOf(view, "allow")} />,
  },
  {
    title: "✕ denied",
    kind: "deny",
    cell: ({ view, rates }) => (
      <Figure value={countText(view.count.deny)} rate={rateText(rates?.denied)} note={shareOf(view, "deny")} />
    ),
  },
  { title: "by code", kind: "words", cell: ({ view }) => wordsOf(view.count.denied) },
  {
    title: "! errors",
    kind: "error",
    cell: ({ view, rates }) => (
      <Figure value={countText(view.count.error)} rate={rateText(rates?.errors)} note={shareOf(view, "error")} />
    ),
  },
  { title: "by cause", kind: "words", cell: ({ view }) => wordsOf(view.count.errors) },
  {
    title: "– no opinion",
    kind: "noOpinion",
    cell: ({ view }) => <Figure value={countText(view.count.noOpinion)} note={shareOf(view, "noOpinion")} />,
  },
  { title: "Fuel p50 · p99", cell: ({ view }) => spreadText(view.count.fuel, countText, ["stream", "streams"]) },
  { title: "Time p50 · p99", cell: ({ view }) => spreadText(view.count.timeUs, microsText, ["timed", "timed"]) },
  {
    title: "Instances",
    cell: ({ view }) => (
      <Figure value={countText(view.count.instances)} note={`${bytesText(view.count.memoryBytes)} of memory`} />
    ),
  },
  { title: "Last error", kind: "words", cell: ({ view }) => <LastError view={view} /> },
];

const TITLE_PX = 128;
/** Room for the widest row: two times and of how many. */
const REVISION_PX = 340;

export function RevisionTable({ view, recorder }: { view: SlotView; recorder: Recorder }): JSX.Element {
  const cells = view.revisions.map((revision): Cell => {
    return { view: revision, slot: view, rates: recorder.rates(revisionKey(view.slot.name, revision.digest)) };
  });
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={`revisions of ${view.slot.name}`}>
      <table class="side-by-side" style={{ minWidth: `${TITLE_PX + cells.length * REVISION_PX}px` }}>
        <thead>
          <tr>
            <td />
            {view.revisions.map((revision) => (
              <th key={revision.digest} scope="col">
                <Swatch slot={view.slot.name} revision={revision.digest} />{" "}
                <a href={`#/filters/${encodeURIComponent(revision.revision.filter)}`}>
                  {revisionText(revision.revision)}
                </a>{" "}
                <Digest digest={revision.digest} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {ROWS.map(({ title, kind, cell }) => (
            <tr key={title} class={kind}>
              <th scope="row">{title}</th>
              {cells.map((each) => (
                <td key={each.view.digest} class="number">
                  {cell(each)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ShareCell({ view }: Cell): JSX.Element {
  if (view.weight === null) return <span class="quiet">only on some routes or proxies</span>;
  return (
    <Figure value={`${view.weight} %`} note={`wanted, runs on ${plural(view.count.proxies, "proxy", "proxies")}`} />
  );
}

function RequestsCell({ view, slot, rates }: Cell): JSX.Element {
  const decisions = decisionsIn(view.count);
  return (
    <Figure
      value={countText(decisions)}
      rate={rateText(rates?.decisions)}
      note={shareText(decisions, slot.decisions)}
    />
  );
}

function Figure({ value, rate, note }: { value: string; rate?: string; note: string }): JSX.Element {
  return (
    <>
      <b>{value}</b> {rate !== undefined && <span class="rate">{rate}</span>} <span class="quiet">{note}</span>
    </>
  );
}

function LastError({ view }: { view: RevisionView }): JSX.Element {
  const { lastError } = view.count;
  if (lastError === null) return <span class="quiet">none</span>;
  return (
    <span class="error">
      <Ago time={lastError.time} />: {lastError.message}
      {lastError.at !== null && <code> at {lastError.at}</code>}
    </span>
  );
}

function shareOf({ count }: RevisionView, key: "allow" | "deny" | "error" | "noOpinion"): string {
  return shareText(count[key], decisionsIn(count));
}

function wordsOf(counts: Readonly<Record<string, number>>): JSX.Element {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  if (present.length === 0) return <span class="quiet">–</span>;
  return <>{present.map(([name, count]) => `${name} ${countText(count)}`).join(" · ")}</>;
}

/** Its parts keep their places when the first measurement comes. */
function spreadText(spread: Spread, text: (value: number) => string, unit: readonly [string, string]): JSX.Element {
  const isMeasured = spread.count > 0;
  return (
    <>
      <b class="spread">{isMeasured ? `≤ ${text(spread.p50)} · ${text(spread.p99)}` : "–"}</b>{" "}
      <span class="quiet">{isMeasured ? `of ${plural(spread.count, ...unit)}` : "not measured yet"}</span>
    </>
  );
}
