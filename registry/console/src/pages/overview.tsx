// Is traffic well, what decides it, who lags: the page that is left open.

import type { JSX } from "preact";

import type { ProxyView } from "../api.ts";
import { Ago } from "../parts/ago.tsx";
import { rateText } from "../parts/rate-text.ts";
import { SlotCard } from "../parts/slot-card.tsx";
import type { State } from "../store.ts";

export function OverviewPage({ state }: { state: State }): JSX.Element {
  const alarms = alarmsOf(state.proxies);
  return (
    <>
      <h1>Overview</h1>
      {alarms.length > 0 && (
        <ul class="alarms" role="alert">
          {alarms.map((alarm) => (
            <li key={alarm}>! {alarm}</li>
          ))}
        </ul>
      )}
      <div class="tiles">
        <Tile
          label="Requests"
          value={state.requests.count.toLocaleString("en")}
          note={rateText(state.requests.perSecond)}
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
            note={deployment.when === undefined ? "" : <Ago time={deployment.when} />}
          />
        ))}
        <Tile label="Filters" value={String(state.filters.length)} note="in the registry" />
      </div>
      {state.deployments.flatMap((deployment) =>
        deployment.slots.map((slot) => <SlotCard key={`${deployment.name}/${slot.name}`} slot={slot} state={state} />),
      )}
      {state.deployments.length === 0 && (
        <p class="empty">Nothing is deployed. Start with `sluice push` and `sluice deploy`.</p>
      )}
    </>
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

function alarmsOf(proxies: ProxyView[]): string[] {
  return proxies.flatMap((proxy) => [
    ...(proxy.connected ? [] : [`proxy ${proxy.id} is not connected`]),
    ...(proxy.refused === null
      ? []
      : [`proxy ${proxy.id} refused deployment #${proxy.refused.number}: ${proxy.refused.message}`]),
    ...proxy.notLoaded.map(({ slot, message }) => `proxy ${proxy.id} runs without slot ${slot}: ${message}`),
    ...(proxy.connected && !proxy.ready ? [`proxy ${proxy.id} is not ready`] : []),
  ]);
}
