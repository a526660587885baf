// Takes one slot, or the whole chain, back to what it was.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { fetchDeployment, rollback, writeDeployment } from "../api.ts";
import type { StoredDeployment } from "../api.ts";
import { commandText } from "../command-text.ts";
import { useConsole } from "../console-context.ts";
import { documentCommand, withoutStamp } from "../deploy-draft.ts";
import { Modal } from "../parts/modal.tsx";
import type { State } from "../store.ts";
import { ChangeReview } from "./change-review.tsx";
import type { Change } from "./change-review.tsx";

export interface RollbackDialogProps {
  readonly state: State;
  readonly deployment: string;
  /** Null: the whole chain at first; only with a number. */
  readonly slot: string | null;
  /** Null: what it was before its last change. */
  readonly to: number | null;
  readonly close: () => void;
}

const WHOLE = "";

export function RollbackDialog({ state, deployment, slot, to, close }: RollbackDialogProps): JSX.Element {
  const { store } = useConsole();
  const numberNow = (from: State): number => from.deployments.find(({ name }) => name === deployment)?.number ?? 0;
  const [seen, setSeen] = useState(() => numberNow(state));
  const [chosen, setChosen] = useState(slot ?? WHOLE);
  const [number, setNumber] = useState(to);
  const [why, setWhy] = useState("");
  const earlier = useEarlier(deployment, number);
  const current = state.deployments.find(({ name }) => name === deployment);
  const names = [...new Set([...(earlier?.slots ?? []), ...(current?.slots ?? [])].map(({ name }) => name))];
  const lookAgain = async (): Promise<void> => {
    await store.renew();
    setSeen(numberNow(store.state));
  };
  const change = chosen === WHOLE ? wholeChange(deployment, earlier, why) : slotChange(deployment, chosen, number, why);
  return (
    <Modal title={chosen === WHOLE ? `Roll back ${deployment}` : `Roll back ${chosen}`} close={close}>
      <div class="fields">
        <label class="field">
          <span>What</span>
          <select value={chosen} onChange={(event) => setChosen(event.currentTarget.value)}>
            {names.map((name) => (
              <option key={name} value={name}>
                slot {name}
              </option>
            ))}
            {to !== null && <option value={WHOLE}>the whole chain</option>}
          </select>
        </label>
        <label class="field">
          <span>To what it was in number</span>
          <input
            type="number"
            min={1}
            max={seen}
            placeholder="before its last change"
            value={number ?? ""}
            onInput={(event) => setNumber(event.currentTarget.valueAsNumber || null)}
          />
        </label>
        <label class="field wide">
          <span>Why, for the history</span>
          <input type="text" maxLength={1024} value={why} onInput={(event) => setWhy(event.currentTarget.value)} />
        </label>
      </div>
      <ChangeReview
        state={state}
        deployment={deployment}
        seen={seen}
        change={change}
        hint="Say which number."
        verb="Roll back"
        lookAgain={() => void lookAgain()}
      />
    </Modal>
  );
}

function slotChange(deployment: string, slot: string, to: number | null, why: string): Change {
  const change = { slot, ...(to === null ? {} : { to }), ...(why === "" ? {} : { why }) };
  const words = ["sluice", "rollback", slot];
  if (to !== null) words.push("--to", String(to));
  if (deployment !== "default") words.push("--deployment", deployment);
  if (why !== "") words.push("--why", why);
  return {
    key: JSON.stringify(change),
    write: (options) => rollback(deployment, change, options),
    command: { text: commandText(...words), file: null },
  };
}

/** An earlier document, written again as the newest. */
function wholeChange(deployment: string, earlier: StoredDeployment | null, why: string): Change | null {
  if (earlier === null) return null;
  const reason = why === "" ? `rollback to number ${earlier.number}` : why;
  const document = { ...withoutStamp(earlier, deployment), why: reason };
  return {
    key: JSON.stringify(document),
    write: (options) => writeDeployment(document, options),
    command: documentCommand(document),
  };
}

function useEarlier(deployment: string, number: number | null): StoredDeployment | null {
  const [earlier, setEarlier] = useState<StoredDeployment | null>(null);
  useEffect(() => {
    let isWanted = true;
    if (number === null) setEarlier(null);
    else {
      fetchDeployment(deployment, number).then(
        (found) => isWanted && setEarlier(found),
        // A number that is not there: the dry run of the rollback says so.
        () => isWanted && setEarlier(null),
      );
    }
    return () => {
      isWanted = false;
    };
  }, [deployment, number]);
  return earlier;
}
