// What every act on a deployment ends with: the registry's dry run of it as a difference, the number it builds on, one
// question, and then how far it has come. A change that somebody else made meanwhile is told, never overwritten.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { ApiError, problemOf } from "../api.ts";
import type { Problem, WriteOptions, Written } from "../api.ts";
import { useConsole } from "../console-context.ts";
import type { Command } from "../deploy-draft.ts";
import { AppliedNote } from "../parts/applied-note.tsx";
import { Ago } from "../parts/ago.tsx";
import { CommandLine } from "../parts/command-line.tsx";
import { DifferenceList, differenceText } from "../parts/difference-list.tsx";
import { ProblemNote } from "../parts/problem-note.tsx";
import type { State } from "../store.ts";

/** A change that can be asked about and made. */
export interface Change {
  /** Differs when the change does. */
  readonly key: string;
  readonly write: (options: WriteOptions) => Promise<Written>;
  readonly command: Command;
}

export interface ChangeReviewProps {
  readonly state: State;
  readonly deployment: string;
  /** The number that the change builds on. */
  readonly seen: number;
  /** Null while the form says nothing that could be asked about; `hint` says what is missing. */
  readonly change: Change | null;
  readonly hint: string;
  readonly verb: string;
  readonly lookAgain: () => void;
}

interface Review {
  /** The change it is about. */
  readonly key: string;
  readonly written: Written | null;
  readonly problem: Problem | null;
  readonly isStale: boolean;
}

const PAUSE_MS = 250;

export function ChangeReview(props: ChangeReviewProps): JSX.Element {
  const { state, deployment, seen, change, hint, verb } = props;
  const { store } = useConsole();
  const review = useDryRun(change, seen);
  const [done, setDone] = useState<Written | null>(null);
  const [isBusy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Review | null>(null);
  if (done !== null) return <Done written={done} state={state} />;
  const current = state.deployments.find(({ name }) => name === deployment);
  const isOvertaken = !isBusy && current !== undefined && current.number > seen;
  const answered = failure?.key === review?.key ? (failure ?? review) : review;
  const shown = isOvertaken && answered !== null ? { ...answered, written: null, isStale: true } : answered;
  const isFresh = change !== null && shown !== null && shown.key === keyOf(change, seen);
  const written = shown?.written ?? null;
  const make = async (): Promise<void> => {
    setBusy(true);
    try {
      setDone(await change!.write({ seen, dryRun: false }));
      void store.renew();
    } catch (error) {
      setFailure(reviewOfError(keyOf(change!, seen), error));
    }
    setBusy(false);
  };
  const canMake = isFresh && written !== null && written.diff.length > 0 && !isBusy;
  return (
    <>
      <section class="review" aria-label="what will change" aria-busy={change !== null && !isFresh}>
        <h3>What will change</h3>
        {change === null && <p class="quiet">{hint}</p>}
        {change !== null && shown !== null && <Outcome {...props} review={shown} />}
      </section>
      {change !== null && <CommandLine command={change.command} />}
      <footer>
        <button type="button" class="primary" disabled={!canMake} onClick={() => void make()}>
          {isBusy ? "Writing…" : verb}
        </button>
        <span class="quiet number">
          {written === null ? `builds on #${seen}` : `as #${written.number}, builds on #${seen}`}
        </span>
        {written !== null && <code class="summary">{differenceText(written.diff)}</code>}
      </footer>
    </>
  );
}

function Outcome({ review, ...props }: ChangeReviewProps & { review: Review }): JSX.Element {
  const { problem, written, isStale } = review;
  if (isStale) return <StaleNote {...props} />;
  if (problem !== null) return <ProblemNote problem={problem} />;
  return (
    <>
      {written?.warnings.map((warning) => (
        <p class="warning" key={warning} role="alert">
          ! {warning}
        </p>
      ))}
      <DifferenceList diff={written?.diff ?? []} />
    </>
  );
}

function StaleNote({ state, deployment, seen, lookAgain }: ChangeReviewProps): JSX.Element {
  const now = state.deployments.find(({ name }) => name === deployment);
  return (
    <div class="problem" role="alert">
      <strong>! Someone else changed it, look again.</strong>
      <span>
        This builds on #{seen};{" "}
        {now === undefined || now.number === seen ? (
          "a newer number is in charge."
        ) : (
          <>
            #{now.number} by {now.who} is in charge since <Ago time={now.when} />
            {now.why !== undefined && `: ${now.why}`}
          </>
        )}
      </span>
      <button type="button" onClick={lookAgain}>
        Look again
      </button>
    </div>
  );
}

function Done({ written, state }: { written: Written; state: State }): JSX.Element {
  return (
    <section class="review" aria-label="what has changed">
      <AppliedNote number={written.number} proxies={state.proxies} />
      <DifferenceList diff={written.diff} />
    </section>
  );
}

/** Asks the registry what the change would do, a moment after the last edit. */
function useDryRun(change: Change | null, seen: number): Review | null {
  const [review, setReview] = useState<Review | null>(null);
  const key = change === null ? "" : keyOf(change, seen);
  useEffect(() => {
    if (change === null) return undefined;
    const abort = new AbortController();
    const ask = async (): Promise<void> => {
      try {
        const written = await change.write({ seen, dryRun: true, signal: abort.signal });
        setReview({ key, written, problem: null, isStale: false });
      } catch (error) {
        if (!abort.signal.aborted) setReview(reviewOfError(key, error));
      }
    };
    const timer = window.setTimeout(() => void ask(), PAUSE_MS);
    return () => {
      window.clearTimeout(timer);
      abort.abort();
    };
    // The key stands for the change.
  }, [key]);
  return review;
}

function keyOf(change: Change, seen: number): string {
  return `${seen} ${change.key}`;
}

const STALE_STATUS = 412;

function reviewOfError(key: string, error: unknown): Review {
  const isStale = error instanceof ApiError && error.status === STALE_STATUS;
  return { key, written: null, problem: problemOf(error), isStale };
}
