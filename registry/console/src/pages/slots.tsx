import type { JSX } from "preact";

import { SlotCard } from "../parts/slot-card.tsx";
import type { State } from "../store.ts";

export function SlotsPage({ state }: { state: State }): JSX.Element {
  return (
    <>
      <h1>Slots</h1>
      {state.deployments.map((deployment) => (
        <section key={deployment.name}>
          <h2>
            {deployment.name} <span class="quiet">#{deployment.number}, asked in this order</span>
          </h2>
          {deployment.slots.map((slot) => (
            <SlotCard key={slot.name} slot={slot} state={state} />
          ))}
          {deployment.slots.length === 0 && <p class="empty">The chain is empty: every request passes.</p>}
        </section>
      ))}
      {state.deployments.length === 0 && <p class="empty">Nothing is deployed.</p>}
    </>
  );
}
