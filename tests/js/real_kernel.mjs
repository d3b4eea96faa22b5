// Talks to a widget of a real kernel, as the page does, and tells on standard output what it hears.
//
//     node --experimental-websocket tests/js/real_kernel.mjs ADDRESS VIEW PROTOCOL
//
// Before each turn it waits for a line on standard input.

import { createInterface } from "node:readline";

import { openModel } from "../../animelabel_widgets/static/kernel.js";

const [address, view, spoken] = process.argv.slice(2);
const tell = (what) => console.log(JSON.stringify(what));
const place = { kernel: "", view, state: {} };
let ids = 0;

const model = openModel({
  place,
  now: () => performance.now(),
  newId: () => `page-${(ids += 1)}`,
  clock: { setTimeout, clearTimeout },
  enter: async () => place,
  connect: (_kernel, protocol) => {
    const offered = spoken === "binary" ? [protocol] : [];
    return new WebSocket(`${address}&session_id=s${(ids += 1)}`, offered);
  },
});
for (const event of ["opened", "closed"]) model.on(event, () => tell({ event }));
model.on("msg:custom", (content, buffers) => {
  const bytes = buffers.map((each) => [...new Uint8Array(each.buffer, each.byteOffset, each.byteLength)]);
  tell({ event: "heard", content, bytes });
});

for await (const line of createInterface({ input: process.stdin })) {
  const { content, bytes } = JSON.parse(line);
  model.send(content, undefined, bytes.map((each) => new DataView(new Uint8Array(each).buffer)));
}
model.close();
