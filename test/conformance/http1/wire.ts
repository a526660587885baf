// The few words that hostile messages are made of.

export const HOST = "Host: a.test\r\n";

/** What an attacker wants somebody behind the proxy to take for a request of its own. */
export const SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\nX-Ignore: ";

export function get(fields: string): string {
  return `GET / HTTP/1.1\r\n${HOST}${fields}\r\n`;
}

export function post(fields: string, body: string): string {
  return `POST / HTTP/1.1\r\n${HOST}${fields}\r\n${body}`;
}

export function chunked(body: string): string {
  return post("Transfer-Encoding: chunked\r\n", body);
}

/** A request whose first line is `text`. */
export function line(text: string): string {
  return `${text}\r\n${HOST}\r\n`;
}

export function repeat(text: string, times: number): string {
  return text.repeat(times);
}
