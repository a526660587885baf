// The frame around the pages: navigation, the state of the connection, the dialogs, and what stands there before there
// is data.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { alarmsOf } from "./alarms.ts";
import { ConsoleProvider } from "./console-context.ts";
import type { Dialog } from "./console-context.ts";
import { DeployDialog } from "./dialogs/deploy-dialog.tsx";
import { PushDialog } from "./dialogs/push-dialog.tsx";
import { RollbackDialog } from "./dialogs/rollback-dialog.tsx";
import { DeploymentsPage } from "./pages/deployments.tsx";
import { FiltersPage } from "./pages/filters.tsx";
import { LivePage } from "./pages/live.tsx";
import { OverviewPage } from "./pages/overview.tsx";
import { ProxiesPage } from "./pages/proxies.tsx";
import { SignInPage } from "./pages/sign-in.tsx";
import { SlotsPage } from "./pages/slots.tsx";
import { AlarmStrip } from "./parts/alarm-strip.tsx";
import { Ago } from "./parts/ago.tsx";
import { ProblemNote } from "./parts/problem-note.tsx";
import type { State, Store } from "./store.ts";

const PAGES: { path: string; title: string; page: (props: { state: State; rest: string }) => JSX.Element }[] = [
  { path: "overview", title: "Overview", page: OverviewPage },
  { path: "slots", title: "Slots", page: SlotsPage },
  { path: "filters", title: "Filters", page: FiltersPage },
  { path: "deployments", title: "Deployments", page: DeploymentsPage },
  { path: "live", title: "Live", page: LivePage },
  { path: "proxies", title: "Proxies", page: ProxiesPage },
];

export function App({ store }: { store: Store }): JSX.Element {
  const state = useStore(store);
  const [path, rest] = useHash();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const actions = useMemo(() => ({ store, open: setDialog }), [store]);
  if (state.phase === "signedOut") {
    return (
      <Frame store={store} state={state} current="">
        <SignInPage signIn={(token) => store.signIn(token)} refusal={state.problem} />
      </Frame>
    );
  }
  const { page: Page, path: current } = PAGES.find((page) => page.path === path) ?? PAGES[0]!;
  return (
    <ConsoleProvider value={actions}>
      <Frame store={store} state={state} current={current}>
        {state.problem !== null && <ProblemNote problem={state.problem} />}
        {state.phase === "loading" && <p class="quiet">Loading…</p>}
        {state.phase === "ready" && <Page state={state} rest={rest} />}
      </Frame>
      {state.phase === "ready" && dialog !== null && (
        <OpenDialog dialog={dialog} state={state} close={() => setDialog(null)} />
      )}
    </ConsoleProvider>
  );
}

function OpenDialog({ dialog, state, close }: { dialog: Dialog; state: State; close: () => void }): JSX.Element {
  if (dialog.kind === "push") return <PushDialog state={state} files={dialog.files} close={close} />;
  const { deployment, slot } = dialog;
  if (dialog.kind === "rollback") {
    return <RollbackDialog state={state} deployment={deployment} slot={slot} to={dialog.to} close={close} />;
  }
  return <DeployDialog state={state} deployment={deployment} slot={slot} from={dialog.from} close={close} />;
}

interface FrameProps {
  readonly store: Store;
  readonly state: State;
  readonly current: string;
  readonly children: ComponentChildren;
}

function Frame({ store, state, current, children }: FrameProps): JSX.Element {
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
        {state.phase === "ready" && <Connection state={state} />}
        {state.session !== null && <Who store={store} name={state.session.name} role={state.session.role} />}
      </header>
      {state.phase === "ready" && <AlarmStrip alarms={alarmsOf(state.proxies)} />}
      <main>{children}</main>
    </>
  );
}

function Connection({ state }: { state: State }): JSX.Element {
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

function Who({ store, name, role }: { store: Store; name: string; role: string }): JSX.Element {
  return (
    <span class="quiet">
      {name}
      {name !== role && ` (${role})`}{" "}
      <button type="button" class="plain" onClick={() => void store.signOut()}>
        Sign out
      </button>
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
  return [path, rest.map(decoded).join("/")];
}

/** Addresses are typed by people, too: a broken percent code stays as it is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
