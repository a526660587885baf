import type { JSX } from "preact";

import type { ProxyView } from "../api.ts";
import { Ago } from "../parts/ago.tsx";
import type { State } from "../store.ts";

export function ProxiesPage({ state }: { state: State }): JSX.Element {
  return (
    <>
      <h1>Proxies</h1>
      {state.proxies.length === 0 ? (
        <p class="empty">No proxy has connected yet. Start one with `sluice proxy -c sluice.yaml`.</p>
      ) : (
        <div class="card scroll">
          <table>
            <thead>
              <tr>
                <th>Proxy</th>
                <th>Labels</th>
                <th class="number">Wanted</th>
                <th class="number">Applied</th>
                <th>State</th>
                <th>Last heard</th>
                <th class="number">Requests</th>
              </tr>
            </thead>
            <tbody>
              {state.proxies.map((proxy) => (
                <ProxyRow key={proxy.id} proxy={proxy} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

function ProxyRow({ proxy }: { proxy: ProxyView }): JSX.Element {
  return (
    <tr>
      <td>
        <b>{proxy.id}</b>
      </td>
      <td>
        {Object.entries(proxy.labels).map(([name, value]) => (
          <span class="tag" key={name}>
            {name}={value}
          </span>
        ))}
      </td>
      <td class="number">{numberText(proxy.wanted)}</td>
      <td class="number">{numberText(proxy.applied)}</td>
      <td>
        <ProxyStateText proxy={proxy} />
      </td>
      <td>
        <Ago time={proxy.lastSeen} />
      </td>
      <td class="number">{(proxy.counters?.requests ?? 0).toLocaleString("en")}</td>
    </tr>
  );
}

function ProxyStateText({ proxy }: { proxy: ProxyView }): JSX.Element {
  if (!proxy.connected) return <span class="error">○ not connected</span>;
  if (proxy.refused !== null)
    return (
      <span class="error">
        ! refused #{proxy.refused.number}: {proxy.refused.message} <code>{proxy.refused.code}</code>
      </span>
    );
  if (!proxy.ready) return <span class="error">! not ready</span>;
  return proxy.wanted === proxy.applied ? <span class="allow">✓ ready</span> : <span class="quiet">… catching up</span>;
}

function numberText(number: number | null): string {
  return number === null ? "–" : `#${number}`;
}
