// The reference of bench/websocket.pl: `ws`, with bufferutil, sends messages
// back as they came, or parsed and written again.
//
//   node websocket_node.mjs PORT-OR-SOCKET [json]

import http from 'node:http';
import { WebSocketServer } from 'ws';

const [where, mode] = process.argv.slice(2);
const server = http.createServer();
const sockets = new WebSocketServer({ server, perMessageDeflate: false,
                                      maxPayload: 16 << 20 });

sockets.on('connection', (socket) => {
    socket.on('message', mode === 'json'
        ? (data) => socket.send(JSON.stringify(JSON.parse(data)))
        : (data, binary) => socket.send(data, { binary }));
});

if (/^\d+$/.test(where)) {
    server.listen({ port: Number(where), host: '127.0.0.1', backlog: 4096 });
} else {
    server.listen({ path: where, backlog: 4096 });
}
