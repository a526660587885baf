import type { JSX } from "preact";

import type { ProxyView } from "../api.ts";

/** How far a deployment has come: the proxies that it is for, one sign each. */
export function AppliedNote({ number, proxies }: { number: number; proxies: readonly ProxyView[] }): JSX.Element {
  const meant = proxies.filter((proxy) => proxy.wanted === number && proxy.connected);
  const applied = meant.filter((proxy) => proxy.applied === number);
  const refused = meant.filter((proxy) => proxy.refused?.number === number);
  return (
    <div class="applied" role="status">
      <p>
        <b class="number">#{number}</b>{" "}
        {meant.length === 0
          ? "is stored; no connected proxy is meant by it"
          : `runs on ${applied.length} of ${meant.length} proxies`}
      </p>
      <ul>
        {refused.map((proxy) => (
          <li key={proxy.id} class="error">
            ! {proxy.id} refused it: {proxy.refused!.message} <code>{proxy.refused!.code}</code>{" "}
            <span class="quiet">{proxy.refused!.hint}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}
