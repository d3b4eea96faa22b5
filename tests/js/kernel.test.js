import assert from "node:assert/strict";
import { test } from "node:test";

import { openModel } from "../../animelabel_widgets/static/kernel.js";
import { decodeJson, decodeMessage, encodeJson, encodeMessage } from "../../animelabel_widgets/static/wire.js";

const header = { msg_id: "1", msg_type: "comm_msg" };

/** A model whose sockets and places are the test's; the sockets speak a protocol. */
function openDoubles(protocol = "v1.kernel.websocket.jupyter.org") {
  const decode = protocol ? decodeMessage : decodeJson;
  const sockets = [];
  const timers = [];
  const pauses = [];
  /** What keeps the model out, where something does; and the time in milliseconds. */
  const server = { refusal: null, time: 0 };
  let entered = 0;
  const model = openModel({
    place: { kernel: "k0", view: "v0", state: { app: true } },
    newId: () => "id",
    now: () => server.time,
    clock: {
      setTimeout(work, pause) {
        timers.push(work);
        pauses.push(pause);
      },
      clearTimeout() {},
    },
    async enter() {
      if (server.refusal) throw server.refusal;
      entered += 1;
      return { kernel: `k${entered}`, view: `v${entered}`, state: {} };
    },
    connect(kernel) {
      const socket = {
        kernel,
        protocol,
        readyState: 0,
        sent: [],
        send: (data) => socket.sent.push(decode(data)),
        close() {
          socket.readyState = 2;
        },
      };
      sockets.push(socket);
      return socket;
    },
  });
  const open = (socket) => {
    socket.readyState = 1;
    socket.onopen();
  };
  const close = (socket, code) => {
    socket.readyState = 3;
    socket.onclose({ code });
  };
  return { model, sockets, timers, pauses, server, open, close, entered: () => entered };
}

/** Have something come through a socket. */
function hear(socket) {
  const message = { channel: "iopub", header, parent: {}, metadata: {}, content: {}, buffers: [] };
  socket.onmessage({ data: encodeMessage(message) });
}

for (const [encode, decode] of [[encodeMessage, decodeMessage], [encodeJson, decodeJson]]) {
  test(`a message comes back from the wire as it was: ${encode.name}`, () => {
    const bytes = new Uint8Array([0, 1, 2, 3]).buffer;
    for (const buffers of [[], [new DataView(bytes, 1), new DataView(new ArrayBuffer(0))]]) {
      const message = { channel: "shell", header, parent: {}, metadata: { a: "é" }, content: { b: [1] }, buffers };
      const back = decode(encode(message));
      assert.deepEqual({ ...back, buffers: 0 }, { ...message, buffers: 0 });
      assert.deepEqual(back.buffers.map((each) => each.byteLength), buffers.map((each) => each.byteLength));
      if (buffers.length) assert.equal(back.buffers[0].getUint8(2), 3);
    }
  });
}

test("where the server chose no protocol, both sides speak JSON", () => {
  const { model, sockets, open } = openDoubles("");
  const heard = [];
  model.on("msg:custom", (content, buffers) => heard.push([content, buffers.length]));
  model.send({ n: 1 }, undefined, [new DataView(new ArrayBuffer(2))]);
  open(sockets[0]);
  const [{ content, buffers }] = sockets[0].sent;
  assert.deepEqual(content.data.content, { n: 1 });
  assert.equal(buffers[0].byteLength, 2);
  for (const sent of [[], buffers]) {
    const message = { channel: "iopub", header, parent: {}, metadata: {}, content, buffers: sent };
    sockets[0].onmessage({ data: encodeJson(message) });
  }
  assert.deepEqual(heard, [[{ n: 1 }, 0], [{ n: 1 }, 1]]);
});

test("what is sent before the socket is open goes then, to the widget's comm", () => {
  const { model, sockets, open } = openDoubles();
  model.send({ kind: "hello" });
  assert.equal(sockets[0].sent.length, 0);
  open(sockets[0]);
  const [{ channel, content }] = sockets[0].sent;
  assert.equal(channel, "shell");
  assert.deepEqual(content, { comm_id: "v0", data: { method: "custom", content: { kind: "hello" } } });
});

test("a broken connection is told, and a new place takes its part", async () => {
  const { model, sockets, timers, open, close } = openDoubles();
  const told = [];
  model.on("closed", () => told.push("closed"));
  model.on("opened", () => told.push("opened"));
  open(sockets[0]);
  close(sockets[0], 1006);
  assert.throws(() => model.send({}), /not connected/);
  await timers[0]();
  assert.equal(sockets[1].kernel, "k1");
  open(sockets[1]);
  model.send({ n: 1 });
  assert.equal(sockets[1].sent[0].content.comm_id, "v1");
  assert.deepEqual(told, ["opened", "closed", "opened"]);
});

test("a page that the server put to sleep wakes with its next message", async () => {
  const { model, sockets, timers, open, close } = openDoubles();
  open(sockets[0]);
  close(sockets[0], 4001);
  assert.equal(timers.length, 0);
  model.send({ n: 1 });
  await null;
  await null;
  open(sockets[1]);
  assert.equal(sockets[1].sent.length, 1);
});

test("messages of another comm or channel reach nobody", () => {
  const { model, sockets, open } = openDoubles();
  const heard = [];
  model.on("msg:custom", (content) => heard.push(content));
  open(sockets[0]);
  const from = (comm_id, channel) =>
    sockets[0].onmessage({
      data: encodeMessage({
        channel,
        header,
        parent: {},
        metadata: {},
        content: { comm_id, data: { method: "custom", content: { comm_id, channel } } },
        buffers: [],
      }),
    });
  from("other", "iopub");
  from("v0", "shell");
  from("v0", "iopub");
  assert.deepEqual(heard, [{ comm_id: "v0", channel: "iopub" }]);
});

test("what is sent while the connection closes asks for one place, not for two", async () => {
  const { model, sockets, timers, open, close, entered } = openDoubles();
  open(sockets[0]);
  sockets[0].readyState = 2;
  model.send({ n: 1 });
  close(sockets[0], 4002);
  assert.deepEqual([timers.length, entered()], [1, 0]);
  await timers[0]();
  assert.deepEqual([sockets.length, entered()], [2, 1]);
});

test("what is sent while the server puts the page to sleep wakes it at once", async () => {
  const { model, sockets, timers, open, close, entered } = openDoubles();
  open(sockets[0]);
  sockets[0].readyState = 2;
  model.send({ n: 1 });
  close(sockets[0], 4001);
  await null;
  await null;
  assert.deepEqual([timers.length, entered()], [0, 1]);
  open(sockets[1]);
  assert.equal(sockets[1].sent.length, 1);
});

test("a connection through which nothing comes any more gives way to another one, once", async () => {
  const { model, sockets, timers, server, open, close, entered } = openDoubles();
  const told = [];
  model.on("closed", () => {
    told.push("closed");
    model.renew();
  });
  model.on("opened", () => model.renew());
  open(sockets[0]);
  server.time = 20_000;
  hear(sockets[0]);
  server.time = 49_999;
  model.renew();
  assert.deepEqual([sockets[0].readyState, told], [1, []]);
  server.time = 50_000;
  model.renew();
  model.renew();
  close(sockets[0], 1006);
  assert.deepEqual([sockets[0].readyState, timers.length, told], [3, 1, ["closed"]]);
  await timers[0]();
  open(sockets[1]);
  model.send({ n: 1 });
  assert.deepEqual([sockets[1].readyState, sockets[1].sent.length, entered()], [1, 1, 1]);
});

test("a server that lets the page in and is silent is asked more and more seldom", async () => {
  const { model, sockets, timers, pauses, server, open } = openDoubles();
  for (let time = 0; time < 4; time += 1) {
    open(sockets.at(-1));
    server.time += 30_000;
    model.renew();
    await timers.at(-1)();
  }
  open(sockets.at(-1));
  hear(sockets.at(-1));
  server.time += 30_000;
  model.renew();
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 500]);
});

test("one who waits in line for a place asks as often as the server wants", async () => {
  const { sockets, timers, pauses, server, open, close } = openDoubles();
  open(sockets[0]);
  close(sockets[0], 1006);
  for (const [refusal, time] of [[new Error("full"), 3], [Object.assign(new Error("full"), { wait: 2_000 }), 3]]) {
    server.refusal = refusal;
    for (let n = 0; n < time; n += 1) await timers.at(-1)();
  }
  assert.deepEqual(pauses, [500, 1_000, 2_000, 4_000, 2_000, 2_000, 2_000]);
});
