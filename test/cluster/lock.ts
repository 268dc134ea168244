import { connect, createServer, type Server } from 'node:net';

/**
 * Runs `work` while nobody else on this machine holds the lock of this name. The lock is a listening
 * abstract socket: the kernel gives it up with the process, however the process ends, and no
 * child inherits it.
 */
export async function withLock<T>(
  name: string,
  work: () => Promise<T>,
  onWait: () => void,
): Promise<T> {
  const address = `\0${name}`;
  let server = await listen(address);
  if (server === undefined) {
    onWait();
  }
  while (server === undefined) {
    await holderGone(address);
    server = await listen(address);
  }
  const held = server;
  try {
    return await work();
  } finally {
    held.close();
  }
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    // A waiter connects and learns from the end of its connection that it may try again.
    const waiters = new Set<{ destroy(): unknown }>();
    const server = createServer((socket) => {
      socket.unref();
      socket.on('error', () => undefined);
      waiters.add(socket);
    });
    server.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    const close = server.close.bind(server);
    server.close = () => {
      waiters.forEach((socket) => socket.destroy());
      return close();
    };
    server.listen(address, () => {
      server.unref();
      resolve(server);
    });
  });
}

function holderGone(address: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.on('error', () => undefined);
    socket.on('close', () => resolve());
    socket.resume();
  });
}
