// What a filter imports: `import { … } from "@sluice/sdk-filter/assembly"`.

export { abortFilter } from "./abort";
export { asciiLowerCase, asciiUpperCase } from "./ascii";
export { Attribute } from "./attribute";
export { Body } from "./body";
export { ByteTrie, TrieEnd } from "./byte-trie";
export { Text, Value } from "./bytes";
export { clock } from "./clock";
export { Filter, NoConfig } from "./filter";
export { Action } from "./generated/enums";
export { HeaderVisitor, Headers } from "./headers";
export { Decodable, JsonReader } from "./json";
export { log } from "./log";
export { Matcher } from "./matcher";
export { Message } from "./message";
export { Metric } from "./metric";
export { Pairs } from "./pairs";
export { property } from "./property";
export { Record } from "./record";
export { filter } from "./registration";
export { SharedData } from "./shared-data";
export { refuseStart } from "./start";
export { Stream } from "./stream";
export { Verdict } from "./verdict";
