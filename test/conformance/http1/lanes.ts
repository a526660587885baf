// Many conversations at a time, each with a proxy of its own: most of one is waiting for the event loop to come round.

const LANES = 8;

/** Does `work` for each of `items`, on as many lanes as there are; the first failure ends all. */
export async function overLanes<T, Lane>(
  lanes: readonly Lane[],
  items: readonly T[],
  work: (lane: Lane, item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      while (next < items.length) await work(lane, items[next++]!);
    }),
  );
}

export function openLanes<Lane>(open: () => Promise<Lane>): Promise<Lane[]> {
  return Promise.all(Array.from({ length: LANES }, open));
}
