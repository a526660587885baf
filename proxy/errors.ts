// Every error of the proxy package; docs/errors.md is generated from it. Codes are never reused.

import type { ErrorTable } from "@sluice/abi";

export const PROXY_ERRORS = {
  internal: {
    code: "SLUICE-E2000",
    meaning: "The proxy failed in a way that nobody foresaw.",
    hint: "What served goes on serving. Please report it with the log lines around it.",
  },
  documentMissing: {
    code: "SLUICE-E2001",
    meaning: "A document that the proxy was told to read cannot be read.",
    hint: "Name the file with --config, or mend the path in sluice.yaml; relative paths start at the document's folder.",
  },
  needsRestart: {
    code: "SLUICE-E2002",
    meaning:
      "A reload changes what a running proxy keeps: node, stateDir, workers, listeners, admin, health, registry or sinks.",
    hint: "Restart the proxy for it; the running configuration was kept as a whole.",
  },
  cannotListen: {
    code: "SLUICE-E2003",
    meaning: "A listening address is not to be had.",
    hint: "Stop what uses the port, or change the address in sluice.yaml.",
  },
  notServedYet: {
    code: "SLUICE-E2004",
    meaning: "A deployment asks for something that this version of the proxy does not serve.",
    hint: "Take it out of the deployment, or run a proxy that serves it; the deployment before it stays in charge.",
  },
  moduleMissing: {
    code: "SLUICE-E2005",
    meaning: "A filter's module or filter document cannot be read.",
    hint: "Mend the path in the deployment; relative paths start at its folder.",
  },
  versionNotFetched: {
    code: "SLUICE-E2006",
    meaning: "A version named by a deployment is neither in the cache nor to be had from the registry.",
    hint: "The proxy tries again by itself; look whether the registry runs and has the version.",
  },
  digestMismatch: {
    code: "SLUICE-E2007",
    meaning: "Bytes that were fetched do not have the digest they were asked for by.",
    hint: "Somebody between registry and proxy changes bytes, or the registry's storage is damaged; nothing of them was used.",
  },
  badManifest: {
    code: "SLUICE-E2008",
    meaning: "A version's manifest is not one of a Sluice filter.",
    hint: "Push the filter again with `sluice push`.",
  },
  workerLost: {
    code: "SLUICE-E2009",
    meaning: "A worker ended or stopped answering while it prepared a snapshot.",
    hint: "The log names the worker; the snapshot before stays in charge.",
  },
  noDeployment: {
    code: "SLUICE-E2010",
    meaning: "The proxy has no deployment yet, so it cannot know which filters a request must pass.",
    hint: "Deploy one with `sluice deploy`, or look whether the registry runs; until then requests get 503.",
  },
  adminUnauthorized: {
    code: "SLUICE-E2011",
    meaning: "A call to the admin port came without a valid token.",
    hint: "Send `Authorization: Bearer TOKEN` with the token of `admin.token` in the state folder.",
  },
  adminForeign: {
    code: "SLUICE-E2012",
    meaning: "A call to the admin port named a foreign Host or came from a web page of another origin.",
    hint: "Call the admin port by its own address.",
  },
  adminNoSuchCall: {
    code: "SLUICE-E2013",
    meaning: "The admin port does not have the called path or method.",
    hint: "GET /healthz /readyz /metrics /snapshot /stats /overrides /tail; POST /override /override/clear /reload /drain /replace-worker?index=N /replace-workers /profile?worker=N&seconds=10.",
  },
  noToken: {
    code: "SLUICE-E2014",
    meaning: "The proxy has no token for its registry, or the registry refused it.",
    hint: "Name the file with registry.tokenFile in sluice.yaml; the registry writes proxy.token into its state folder.",
  },
  registryUnreachable: {
    code: "SLUICE-E2015",
    meaning: "The registry does not answer.",
    hint: "The proxy goes on with what it has and tries again by itself.",
  },
  deadly: {
    code: "SLUICE-E2017",
    meaning: "The proxy process died again and again while a deployment served, so it was started without it.",
    hint: "Roll the deployment back or deploy a mended one; a restart of the whole proxy tries this one again.",
  },
  sinkNotOpened: {
    code: "SLUICE-E2016",
    meaning: "A sink's file cannot be opened.",
    hint: "Mend its path or its permissions in sluice.yaml.",
  },
  splitSecret: {
    code: "SLUICE-E2018",
    meaning: "The secret that splits are drawn with cannot be used.",
    hint: "split.secret in the state folder holds 64 hex digits. Copy it from a proxy that shall split alike, or remove it for a new one.",
  },
  overrideRequest: {
    code: "SLUICE-E2040",
    meaning: "A call to set or clear an override cannot be understood.",
    hint: 'POST /override {"slot", "kind": "off" | "previous" | "pin", "revision" for pin, "for": "1h", "why"}; POST /override/clear {"slot"}.',
  },
  overrideNoSlot: {
    code: "SLUICE-E2041",
    meaning: "An override names a slot that the chain in charge of this proxy does not have.",
    hint: "`sluice override` lists the proxy's slots.",
  },
  overrideNoRevision: {
    code: "SLUICE-E2042",
    meaning: "An override pins a revision that this proxy does not know in that slot, or names several.",
    hint: "Give at least 8 digits of one of the revisions named in the message; `sluice override` lists them.",
  },
  overrideNothingBefore: {
    code: "SLUICE-E2043",
    meaning: "The slot has had no other entry on this proxy that it could go back to.",
    hint: "Use --off or --pin, or `sluice rollback` with the registry's history.",
  },
  overrideNone: {
    code: "SLUICE-E2044",
    meaning: "There is no override of that slot to clear.",
    hint: "`sluice override` lists those in force.",
  },
  adminBody: {
    code: "SLUICE-E2046",
    meaning: "The body of a call to the admin port cannot be read.",
    hint: "Send at most 16 KiB of JSON.",
  },
  tailFilter: {
    code: "SLUICE-E2047",
    meaning: "The filter of a tail cannot be understood.",
    hint: "denied=1, slot=NAME, route=NAME, status=403 or 4xx (several with commas), method=GET, path=/prefix.",
  },
  tailBusy: {
    code: "SLUICE-E2048",
    meaning: "So many tails are open on this proxy that it takes no further one.",
    hint: "End one of the others.",
  },
  moduleChanged: {
    code: "SLUICE-E2049",
    meaning: "A module's file is not what it was when its revision was in charge.",
    hint: "Put the earlier file back, or reload the documents with the one that is there.",
  },
  overridesDamaged: {
    code: "SLUICE-E2045",
    meaning: "overrides.json in the state folder cannot be read, so the overrides it held are not in force.",
    hint: "The file was put aside with the ending .damaged; set the overrides again with `sluice override`.",
  },
  replacementBusy: {
    code: "SLUICE-E2070",
    meaning: "The workers are being replaced already.",
    hint: "`sluice workers` shows how far that is; ask again when it is over.",
  },
  profileBusy: {
    code: "SLUICE-E2071",
    meaning: "A profile of a worker is being taken already; there is one at a time.",
    hint: "Wait for it: none takes longer than 30 s.",
  },
  profileWish: {
    code: "SLUICE-E2072",
    meaning: "A call for a profile cannot be understood.",
    hint: "POST /profile?worker=0&seconds=10&kind=cpu; kind is cpu or heap, `sluice workers` lists the workers.",
  },
  profileLost: {
    code: "SLUICE-E2073",
    meaning: "A worker gave no profile: it ended, was replaced, or was busy for too long.",
    hint: "Take it again; the log says when a worker was lost.",
  },
  otlpHeaders: {
    code: "SLUICE-E2060",
    meaning: "The file with the headers for the trace collector cannot be used.",
    hint: "Write one `name: value` a line, for example `authorization: Bearer …`, into the file that tracing.otlp.headersFile names.",
  },
} as const satisfies ErrorTable;
