// Is traffic well, what decides it, who lags: the page that is left open.

import type { JSX } from "preact";

import { alarmsOf } from "../alarms.ts";
import { useConsole } from "../console-context.ts";
import { FLEET_KEY } from "../recorder.ts";
import { revisionKey } from "../fleet-counts.ts";
import { AlarmText } from "../parts/alarm-strip.tsx";
import { Ago } from "../parts/ago.tsx";
import { countText, rateText, shareText } from "../parts/figures.ts";
import { RateCharts } from "../parts/rate-charts.tsx";
import { Swatch, revisionText } from "../parts/revision-name.tsx";
import { VERDICTS, VerdictBar, decisionsIn } from "../parts/verdict-bar.tsx";
import { slotViews } from "../slot-view.ts";
import type { SlotView } from "../slot-view.ts";
import type { State } from "../store.ts";

const FLEET_LINES = [{ key: FLEET_KEY, name: "all proxies", swatch: "fleet" }];

export function OverviewPage({ state }: { state: State }): JSX.Element {
  const { store } = useConsole();
  const alarms = alarmsOf(state.proxies);
  const views = slotViews(state);
  return (
    <>
      <h1>Overview</h1>
      <div class="tiles">
        <Tile
          label="Requests"
          value={rateText(store.recorder.rates(FLEET_KEY)?.decisions)}
          note={`${countText(state.requests)} since the proxies started`}
        />
        <Tile
          label="Proxies"
          value={`${state.proxies.filter((proxy) => proxy.connected).length} of ${state.proxies.length}`}
          note="connected"
        />
        {state.deployments.map((deployment) => (
          <Tile
            key={deployment.name}
            label={`Deployment ${deployment.name}`}
            value={`#${deployment.number}`}
            note={<Ago time={deployment.when} />}
          />
        ))}
        <Tile label="Filters" value={String(state.filters.length)} note="in the registry" />
      </div>
      <section class="card" aria-label="traffic">
        <RateCharts lines={FLEET_LINES} label="requests, denials and errors of the fleet" />
      </section>
      <section class="card" aria-label="what decides">
        <h2>What decides</h2>
        {views.length === 0 ? (
          <p class="empty">
            Nothing is deployed. Start with <code>sluice push</code> and <code>sluice deploy</code>.
          </p>
        ) : (
          <ul class="deciders">
            {views.map((view) => (
              <Decider key={`${view.deployment}/${view.slot.name}`} view={view} />
            ))}
          </ul>
        )}
      </section>
      <section class="card" aria-label="alarms">
        <h2>Alarms</h2>
        {alarms.length === 0 && <p class="quiet">None.</p>}
        <ul class="alarms">
          {alarms.map((alarm) => (
            <li key={alarm.text} class={alarm.kind}>
              <AlarmText alarm={alarm} />
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

/** One slot in a few lines: its revisions with their shares and verdicts. */
function Decider({ view }: { view: SlotView }): JSX.Element {
  const { store } = useConsole();
  const { slot, revisions } = view;
  return (
    <li>
      <a href={`#/slots/${encodeURIComponent(slot.name)}`}>{slot.name}</a> <span class="tag">{slot.phase}</span>
      {slot.dryRun === true && <span class="tag warn">dry run</span>}
      {revisions.map(({ digest, revision, weight, count }) => (
        <div key={digest} class="decider">
          <span>
            <Swatch slot={slot.name} revision={digest} /> {revisionText(revision)}
          </span>
          <span class="number">{weight === null ? "–" : `${weight} %`}</span>
          <span class="number">{rateText(store.recorder.rates(revisionKey(slot.name, digest))?.decisions)}</span>
          <VerdictBar counts={count} />
          <span class="number">
            {VERDICTS.slice(1, 3).map(({ key, sign, label }) => (
              <span key={key} class={`${key} figure`} title={shareText(count[key], decisionsIn(count))}>
                {sign} {countText(count[key])} {label}
              </span>
            ))}
          </span>
        </div>
      ))}
    </li>
  );
}

function Tile({ label, value, note }: { label: string; value: string; note: JSX.Element | string }): JSX.Element {
  return (
    <div class="card tile">
      <span class="quiet">{label}</span>
      <strong class="number">{value}</strong>
      <span class="quiet">{note}</span>
    </div>
  );
}
