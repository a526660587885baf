import type { JSX } from "preact";

import type { Alarm } from "../alarms.ts";
import { Ago } from "./ago.tsx";

/** One line under the header of every page, always there, so that an alarm moves nothing. */
export function AlarmStrip({ alarms }: { alarms: readonly Alarm[] }): JSX.Element {
  const [first] = alarms;
  if (first === undefined) return <p class="strip quiet">✓ every proxy runs what is wanted</p>;
  return (
    <p class={`strip ${first.kind}`} role="alert">
      <AlarmText alarm={first} />
      {alarms.length > 1 && (
        <>
          {" "}
          <a href="#/overview">and {alarms.length - 1} more</a>
        </>
      )}
    </p>
  );
}

export function AlarmText({ alarm }: { alarm: Alarm }): JSX.Element {
  return (
    <span>
      <b>!</b> {alarm.text}
      {alarm.until !== null && (
        <>
          {" "}
          (ends <Ago time={alarm.until} />)
        </>
      )}
    </span>
  );
}
