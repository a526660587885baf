import type { JSX } from "preact";
import { useState } from "preact/hooks";

import type { Command } from "../deploy-draft.ts";

/** The command that does the same as the dialog it stands in, ready to be copied, and the file it reads. */
export function CommandLine({ command: { text, file } }: { command: Command }): JSX.Element {
  const [copied, setCopied] = useState("");
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(text);
    setCopied(text);
  };
  return (
    <div class="command" role="group" aria-label="command">
      <code>{text}</code>
      <button type="button" onClick={() => void copy()}>
        {copied === text ? "Copied" : "Copy"}
      </button>
      {file !== null && (
        <button type="button" onClick={() => save(file.name, file.text)}>
          Save {file.name}
        </button>
      )}
    </div>
  );
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
