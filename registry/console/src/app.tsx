// The frame around the pages: navigation, the state of the connection, and what stands there before there is data.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { DeploymentsPage } from "./pages/deployments.tsx";
import { FiltersPage } from "./pages/filters.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { ProxiesPage } from "./pages/proxies.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { SlotsPage } from "./pages/slots.tsx";
import { Ago } from "./parts/ago.tsx";
import { ProblemNote } from "./parts/problem-note.tsx";
import type { State, Store } from "./store.ts";

const PAGES: { path: string; title: string; page: (props: { state: State; rest: string }) => JSX.Element }[] = [
  { path: "overview", title: "Overview", page: OverviewPage },
  { path: "slots", title: "Slots", page: SlotsPage },
  { path: "filters", title: "Filters", page: FiltersPage },
  { path: "deployments", title: "Deployments", page: DeploymentsPage },
  { path: "proxies", title: "Proxies", page: ProxiesPage },
];

export function App({ store }: { store: Store }): JSX.Element {
  const state = useStore(store);
  const [path, rest] = useHash();
  if (state.phase === "signedOut") {
    return (
      <Frame state={state} current="">
        <SignInPage signIn={(token) => store.signIn(token)} />
      </Frame>
    );
  }
  const { page: Page, path: current } = PAGES.find((page) => page.path === path) ?? PAGES[0]!;
  return (
    <Frame state={state} current={current}>
      {state.problem !== null && <ProblemNote problem={state.problem} />}
      {state.phase === "loading" && <p class="quiet">Loading…</p>}
      {state.phase === "ready" && <Page state={state} rest={rest} />}
    </Frame>
  );
}

function Frame({
  state,
  current,
  children,
}: {
  state: State;
  current: string;
  children: ComponentChildren;
}): JSX.Element {
  return (
    <>
      <header>
        <a class="brand" href="#/overview">
          Sluice
        </a>
        <nav aria-label="Pages">
          {PAGES.map(({ path, title }) => (
            <a key={path} href={`#/${path}`} aria-current={path === current ? "page" : undefined}>
              {title}
            </a>
          ))}
        </nav>
        <Connection state={state} />
      </header>
      <main>{children}</main>
    </>
  );
}

function Connection({ state }: { state: State }): JSX.Element | null {
  if (state.phase !== "ready") return null;
  return state.live ? (
    <span class="connection live" role="status">
      ● live
    </span>
  ) : (
    <span class="connection lost" role="status">
      ○ stale: last heard <Ago time={new Date(state.heardAt).toISOString()} />
    </span>
  );
}

function useStore(store: Store): State {
  const [state, setState] = useState(store.state);
  useEffect(() => store.subscribe(() => setState(store.state)), [store]);
  return state;
}

/** The page and what follows it in the address: `#/filters/rbac` is `["filters", "rbac"]`. */
function useHash(): [string, string] {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = (): void => setHash(location.hash);
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  const [path = "", ...rest] = hash.replace(/^#\/?/, "").split("/");
  return [path, rest.map(decodeURIComponent).join("/")];
}
