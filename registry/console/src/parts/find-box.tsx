import type { JSX } from "preact";

/** Narrows a list by words; `/` puts the cursor here (see `followKeys`). */
export function FindBox({ value, onInput }: { value: string; onInput: (value: string) => void }): JSX.Element {
  return (
    <input
      type="search"
      class="find"
      data-find
      placeholder="Find  /"
      aria-label="Find"
      value={value}
      onInput={(event) => onInput(event.currentTarget.value)}
    />
  );
}

/** True when every word of what is sought is in one of the texts. */
export function isFound(sought: string, ...texts: readonly (string | undefined)[]): boolean {
  const all = texts.join(" ").toLowerCase();
  return sought
    .toLowerCase()
    .split(/\s+/)
    .every((word) => all.includes(word));
}

/** `/` goes to the page's find box, from anywhere but a field. */
export function followKeys(): void {
  document.addEventListener("keydown", (event) => {
    const isTyping =
      event.target instanceof Element && event.target.closest("input, textarea, select, dialog") !== null;
    const find = document.querySelector<HTMLInputElement>("[data-find]");
    if (event.key !== "/" || isTyping || find === null) return;
    event.preventDefault();
    find.focus();
  });
}
