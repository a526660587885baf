import type { JSX } from "preact";

import type { Revision, Slot } from "../api.ts";
import { decisionKey, decisionsOf, type State } from "../store.ts";
import { Ago } from "./ago.tsx";
import { Digest } from "./digest.tsx";
import { rateText } from "./rate-text.ts";
import { VerdictBar } from "./verdict-bar.tsx";

/** One slot with its revisions side by side, counted over all proxies. */
export function SlotCard({ slot, state }: { slot: Slot; state: State }): JSX.Element {
  return (
    <section class="card" aria-label={`slot ${slot.name}`}>
      <h3>
        {slot.name} <span class="tag">{slot.phase}</span>
        {slot.failStrategy !== undefined && <span class="tag">{slot.failStrategy}</span>}
        {slot.dryRun === true && <span class="tag warn">dry run</span>}
      </h3>
      <div class="revisions">
        {slot.revisions.map((revision) => (
          <RevisionCard key={revision.version} slot={slot} revision={revision} state={state} />
        ))}
      </div>
    </section>
  );
}

function RevisionCard({ slot, revision, state }: { slot: Slot; revision: Revision; state: State }): JSX.Element {
  const version = revision.version ?? "";
  const decisions = decisionsOf(state.proxies, slot.name, version);
  const rate = state.rates.get(decisionKey(slot.name, version));
  return (
    <div class="revision">
      <div>
        <a href={`#/filters/${encodeURIComponent(revision.filter)}`}>{revision.filter}</a>{" "}
        {revision.tag !== undefined && <span class="tag">{revision.tag}</span>}
        <Digest digest={version} />
        <span class="quiet number"> {revision.weight ?? 100} %</span>
      </div>
      <div class="quiet number">{rateText(rate?.perSecond ?? null)}</div>
      <VerdictBar decisions={decisions} />
      <Counts kind="deny" sign="✕" counts={decisions.denied} />
      <Counts kind="error" sign="!" counts={decisions.errors} />
      {decisions.lastError !== null && (
        <p class="error last-error">
          last error <Ago time={decisions.lastError.time} />: {decisions.lastError.message}
          {decisions.lastError.at !== null && <code> at {decisions.lastError.at}</code>}
        </p>
      )}
    </div>
  );
}

/** Denials by code or errors by cause, in words. */
function Counts({
  kind,
  sign,
  counts,
}: {
  kind: string;
  sign: string;
  counts: Record<string, number>;
}): JSX.Element | null {
  const present = Object.entries(counts).filter(([, count]) => count > 0);
  if (present.length === 0) return null;
  return (
    <p class={kind}>
      {sign} {present.map(([name, count]) => `${name} ${count.toLocaleString("en")}`).join(" · ")}
    </p>
  );
}
