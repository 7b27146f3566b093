/** What this browser keeps of the easel: pictures, which are too large for `localStorage`. Nothing where it may not. */

const NAME = "impasto-studio";
const PLACE = "easel";

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(PLACE);
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error ?? new Error("no database"));
  });
}

async function transact<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T | undefined> {
  try {
    const database = await opened();
    try {
      return await new Promise<T>((resolve, reject) => {
        const asked = act(database.transaction(PLACE, mode).objectStore(PLACE));
        asked.onsuccess = () => resolve(asked.result);
        asked.onerror = () => reject(asked.error ?? new Error("not kept"));
      });
    } finally {
      database.close();
    }
  } catch {
    return undefined; // private windows have no place to keep anything, and full disks no room
  }
}

let isClosed = false;

/** Keep something. Answers whether it is kept. */
export async function keep(key: string, value: unknown): Promise<boolean> {
  return !isClosed && (await transact("readwrite", (store) => store.put(value, key))) !== undefined;
}

export async function forget(key: string): Promise<void> {
  await transact("readwrite", (store) => store.delete(key));
}

/** All that is kept under keys that begin with `start`, in the order of the keys. */
export async function keptBelow<T>(start: string): Promise<T[]> {
  const range = IDBKeyRange.bound(start, `${start}\uffff`);
  return (await transact("readonly", (store) => store.getAll(range) as IDBRequest<T[]>)) ?? [];
}

export function kept<T>(key: string): Promise<T | undefined> {
  return transact("readonly", (store) => store.get(key) as IDBRequest<T>);
}

export async function forgetAll(): Promise<void> {
  await transact("readwrite", (store) => store.clear());
}

/** Forget everything, and keep nothing more until the page is loaded again. */
export async function closeStore(): Promise<void> {
  isClosed = true;
  await forgetAll();
}
