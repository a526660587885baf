import { render } from "preact";

import { App } from "./app.tsx";
import { followKeys } from "./parts/find-box.tsx";
import { Store } from "./store.ts";

const root = document.getElementById("root");
if (root !== null) {
  const store = new Store();
  render(<App store={store} />, root);
  followKeys();
  void store.start();
}
