// The chain in order: per slot its revisions side by side, their last minutes, and the acts on it.

import type { JSX } from "preact";

import { overridesOf } from "../alarms.ts";
import { useConsole } from "../console-context.ts";
import { revisionKey } from "../fleet-counts.ts";
import { AlarmText } from "../parts/alarm-strip.tsx";
import { countText, shortDigest } from "../parts/figures.ts";
import { RateCharts } from "../parts/rate-charts.tsx";
import { revisionText } from "../parts/revision-name.tsx";
import { RevisionTable } from "../parts/revision-table.tsx";
import { colourOf } from "../revision-colour.ts";
import { slotViews } from "../slot-view.ts";
import type { SlotView } from "../slot-view.ts";
import type { State } from "../store.ts";

export function SlotsPage({ state, rest }: { state: State; rest: string }): JSX.Element {
  const { store, open } = useConsole();
  const views = slotViews(state).filter(({ slot }) => rest === "" || slot.name === rest);
  return (
    <>
      <div class="title">
        <h1>Slots</h1>
        {rest !== "" && <a href="#/slots">all slots</a>}
        {store.may("deploy") && (
          <button
            type="button"
            onClick={() => open({ kind: "deploy", deployment: state.deployments[0]?.name ?? "default", slot: null })}
          >
            Deploy…
          </button>
        )}
      </div>
      {state.deployments.map(({ name, number }) => (
        <section key={name}>
          <h2>
            {name} <span class="quiet number">#{number}, asked in this order</span>
          </h2>
          {views
            .filter((view) => view.deployment === name)
            .map((view) => (
              <SlotCard key={view.slot.name} view={view} state={state} />
            ))}
        </section>
      ))}
      {views.length === 0 && (
        <p class="empty">{rest === "" ? "The chain is empty: every request passes." : `There is no slot ${rest}.`}</p>
      )}
    </>
  );
}

function SlotCard({ view, state }: { view: SlotView; state: State }): JSX.Element {
  const { store } = useConsole();
  const { slot, revisions } = view;
  const overrides = overridesOf(state.proxies, slot.name);
  const lines = revisions.map(({ digest, revision }) => ({
    key: revisionKey(slot.name, digest),
    name: revision.tag ?? shortDigest(revision.version ?? ""),
    swatch: `revision-${colourOf(slot.name, digest)}`,
  }));
  return (
    <section class="card" aria-label={`slot ${slot.name}`}>
      <div class="title">
        <h3>{slot.name}</h3>
        <span class="tag">{slot.phase}</span>
        {slot.failStrategy !== undefined && <span class="tag">{slot.failStrategy}</span>}
        {slot.dryRun === true && <span class="tag warn">dry run</span>}
        {store.may("deploy") && <SlotActs view={view} />}
      </div>
      {overrides.map((alarm) => (
        <p key={alarm.text} class="override" role="alert">
          <AlarmText alarm={alarm} />
        </p>
      ))}
      {slot.split !== undefined && (
        <p class="quiet number">
          split by <code>{slot.split.by}</code> · {countText(view.keyless)} streams without it went to{" "}
          {revisionText(slot.revisions[0]!)}
        </p>
      )}
      <RevisionTable view={view} recorder={store.recorder} />
      <RateCharts lines={lines} label={`requests, denials and errors of ${slot.name}`} />
    </section>
  );
}

function SlotActs({ view: { deployment, slot } }: { view: SlotView }): JSX.Element {
  const { open } = useConsole();
  return (
    <span class="acts">
      <button type="button" onClick={() => open({ kind: "deploy", deployment, slot: slot.name })}>
        Deploy…
      </button>
      <button type="button" onClick={() => open({ kind: "rollback", deployment, slot: slot.name, to: null })}>
        Roll back…
      </button>
    </span>
  );
}
