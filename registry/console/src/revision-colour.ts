// The colour of a revision in its slot: taken from its digest, so that it is the same on every page, in every chart and
// in every browser; two of one slot that would share a colour do not.

/** Colours of the style sheet: `--revision-0` and so on. */
export const COLOURS = 8;
/** Slots and revisions whose colours are remembered. */
const REMEMBERED_MAX = 1_024;

const given = new Map<string, Map<string, number>>();

/** A number below COLOURS; the same for the same slot and revision as long as the page is open. */
export function colourOf(slot: string, revision: string): number {
  const colours = given.get(slot) ?? new Map<string, number>();
  if (given.size < REMEMBERED_MAX) given.set(slot, colours);
  const known = colours.get(revision);
  if (known !== undefined) return known;
  if (colours.size >= REMEMBERED_MAX) colours.clear();
  const colour = firstFree(colours, Number.parseInt(revision.slice(-6), 16) % COLOURS);
  colours.set(revision, colour);
  return colour;
}

/** The wished colour, else the next that was given away least often. */
function firstFree(colours: ReadonlyMap<string, number>, wished: number): number {
  const wish = Number.isNaN(wished) ? 0 : wished;
  const uses = Array.from({ length: COLOURS }, () => 0);
  for (const colour of colours.values()) uses[colour]! += 1;
  const order = uses.map((_, step) => (wish + step) % COLOURS);
  return order.reduce((best, colour) => (uses[colour]! < uses[best]! ? colour : best));
}
