// The deployments: what is in charge, and the history as a list of differences; one entry of it with the way back.

import type { JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { overrideText } from "../alarms.ts";
import type { HistoryEntry, OverrideEvent, StoredDeployment } from "../api.ts";
import { useConsole } from "../console-context.ts";
import { Ago } from "../parts/ago.tsx";
import { DifferenceList, differenceText } from "../parts/difference-list.tsx";
import { FindBox, isFound } from "../parts/find-box.tsx";
import { Swatch, revisionText } from "../parts/revision-name.tsx";
import { VirtualTable } from "../parts/virtual-table.tsx";
import type { Column } from "../parts/virtual-table.tsx";
import type { State } from "../store.ts";

export function DeploymentsPage({ state, rest }: { state: State; rest: string }): JSX.Element {
  const [name = "", number = ""] = rest.split("/");
  const [sought, setSought] = useState("");
  const shown = state.deployments.filter((deployment) => name === "" || deployment.name === name);
  return (
    <>
      <div class="title">
        <h1>Deployments</h1>
        {name !== "" && <a href="#/deployments">all deployments</a>}
        <FindBox value={sought} onInput={setSought} />
      </div>
      {shown.map((deployment) => (
        <section class="card" key={deployment.name} aria-label={`deployment ${deployment.name}`}>
          <h2>
            {deployment.name} <span class="number">#{deployment.number}</span>
          </h2>
          <Chain deployment={deployment} digests={state.revisions[deployment.name] ?? {}} />
          {number !== "" && name === deployment.name && (
            <Entry state={state} deployment={deployment} number={Number(number)} />
          )}
          <History state={state} deployment={deployment.name} sought={sought} />
        </section>
      ))}
      {shown.length === 0 && (
        <p class="empty">
          Nothing is deployed. Operators start with <code>sluice deploy</code>.
        </p>
      )}
    </>
  );
}

function Chain({
  deployment,
  digests,
}: {
  deployment: StoredDeployment;
  digests: Readonly<Record<string, readonly string[]>>;
}): JSX.Element {
  return (
    <ol class="chain">
      {deployment.slots.map((slot) => (
        <li key={slot.name}>
          <a href={`#/slots/${encodeURIComponent(slot.name)}`}>{slot.name}</a> <span class="tag">{slot.phase}</span>
          {slot.revisions.map((revision, place) => (
            <span key={place} class="figure">
              <Swatch slot={slot.name} revision={digests[slot.name]?.[place] ?? ""} /> {revisionText(revision)}
              {slot.revisions.length > 1 && <span class="number"> {revision.weight ?? 0} %</span>}
            </span>
          ))}
        </li>
      ))}
    </ol>
  );
}

/** A deployment, or what was done to one proxy past the deployment. */
type Line =
  | { readonly kind: "deployment"; readonly when: string; readonly entry: HistoryEntry }
  | { readonly kind: "override"; readonly when: string; readonly event: OverrideEvent };

function History({ state, deployment, sought }: { state: State; deployment: string; sought: string }): JSX.Element {
  const { store } = useConsole();
  const { entries = [], overrides = [], next = null } = state.history[deployment] ?? {};
  const lines = useMemo(() => linesOf(entries, overrides), [entries, overrides]);
  const shown = sought === "" ? lines : lines.filter((line) => isFound(sought, ...wordsOf(line)));
  // What is sought may lie in older pages.
  useEffect(() => {
    if (sought !== "" && next !== null && shown.length < SOUGHT_MIN) void store.needOlder(deployment);
  }, [store, deployment, sought, next, shown.length]);
  return (
    <VirtualTable
      label={`history of ${deployment}`}
      empty="No entry is found."
      items={shown}
      columns={historyColumns(deployment)}
      keyOf={(line) => (line.kind === "override" ? line.event.id : String(line.entry.number))}
      newestFirst
      onEnd={() => void store.needOlder(deployment)}
    />
  );
}

/** Found entries that fill a window; fewer, and older pages are searched too. */
const SOUGHT_MIN = 30;

function linesOf(entries: readonly HistoryEntry[], overrides: readonly OverrideEvent[]): Line[] {
  const lines: Line[] = entries.map((entry) => ({ kind: "deployment", when: entry.when, entry }));
  if (overrides.length === 0) return lines;
  const events = overrides.map((event): Line => ({ kind: "override", when: event.when, event }));
  return [...lines, ...events].sort((a, b) => (a.when < b.when ? 1 : -1));
}

function wordsOf(line: Line): string[] {
  if (line.kind === "override") return ["override", line.event.proxy, overrideText(line.event)];
  const { number, who, why, diff } = line.entry;
  return [`#${number}`, who, why, ...diff.map(({ path }) => path)];
}

function historyColumns(deployment: string): readonly Column<Line>[] {
  return [
    {
      title: "Number",
      kind: "number",
      width: "92px",
      cell: (line) =>
        line.kind === "override" ? (
          <span class="override-text">!</span>
        ) : (
          <a href={`#/deployments/${encodeURIComponent(deployment)}/${line.entry.number}`}>#{line.entry.number}</a>
        ),
    },
    { title: "When", width: "104px", cell: ({ when }) => <Ago time={when} /> },
    { title: "Who", width: "120px", cell: (line) => (line.kind === "override" ? line.event.who : line.entry.who) },
    { title: "Why", cell: (line) => <WhyCell line={line} /> },
    { title: "What changed", cell: (line) => <ChangeCell line={line} /> },
  ];
}

function WhyCell({ line }: { line: Line }): JSX.Element {
  const why = line.kind === "override" ? (line.event.why ?? "") : line.entry.why;
  return <span title={why}>{why}</span>;
}

function ChangeCell({ line }: { line: Line }): JSX.Element {
  if (line.kind === "deployment") {
    const { diff } = line.entry;
    return <code title={diff.map(({ path }) => path).join("\n")}>{differenceText(diff)}</code>;
  }
  const { act, proxy } = line.event;
  const text = `override ${act} on ${proxy}: ${overrideText(line.event)}`;
  return (
    <span class="override-text" title={text}>
      {text}
    </span>
  );
}

/** One number of the history in full, and the way back to it. */
function Entry({
  state,
  deployment,
  number,
}: {
  state: State;
  deployment: StoredDeployment;
  number: number;
}): JSX.Element {
  const { store, open } = useConsole();
  const entry = state.history[deployment.name]?.entries.find((each) => each.number === number);
  return (
    <section class="entry" aria-label={`number ${number}`}>
      <div class="title">
        <h3 class="number">#{number}</h3>
        {entry !== undefined && (
          <span>
            <Ago time={entry.when} /> by {entry.who}: {entry.why}
          </span>
        )}
        <a href={`#/deployments/${encodeURIComponent(deployment.name)}`}>close</a>
        {store.may("deploy") && number !== deployment.number && (
          <button
            type="button"
            onClick={() => open({ kind: "rollback", deployment: deployment.name, slot: null, to: number })}
          >
            Roll back to #{number}…
          </button>
        )}
      </div>
      {entry === undefined ? (
        <p class="quiet">This number is not among the entries that are loaded; scroll the history to it.</p>
      ) : (
        <DifferenceList diff={entry.diff} />
      )}
    </section>
  );
}
