import { randomUUID } from 'node:crypto';
import type { Lease, LeaseStore } from '../../core/store.ts';
import { identityOf, isGone, type ProcessIdentity } from '../../lib/system/process-identity.ts';
import type { Connection } from './connection.ts';

/** `boot` and `started` are the two halves of an identity's start, which a colon parts. */
interface ServerRow {
  owner: string;
  boot: string;
  namespace: string;
  pid: number;
  started: string;
  expires_at: number;
}

/**
 * Which server collects which job. The fence of a job's log decides who may write; times and
 * process ids only decide when another server may ask for it.
 */
export class SqliteLeases implements LeaseStore {
  readonly leaseMs: number;
  readonly #connection: Connection;
  readonly #owner = randomUUID();
  readonly #self = identityOf(process.pid);
  readonly #sql: ReturnType<typeof prepare>;
  /** The fence of each lease, by job, as of the last time that the store was asked. */
  #held = new Map<string, number>();
  /** When the last renewal that succeeded began. */
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(connection: Connection, options: { leaseMs: number }) {
    this.leaseMs = options.leaseMs;
    this.#connection = connection;
    this.#sql = prepare(connection);
  }

  async claim(jobId: string): Promise<Lease | null> {
    const startedAt = monotonicMs();
    const lease = await this.#connection.write(() => {
      const log = this.#sql.log.get(jobId);
      if (log === undefined || this.#isHeldByOther(log.owner)) return null;
      this.#register();
      const fence = log.fence + 1;
      this.#sql.take.run(this.#owner, fence, log.seq);
      this.#held.set(jobId, fence);
      return { jobId, fence };
    });
    if (lease) this.#renewedAt = Math.max(this.#renewedAt, startedAt);
    return lease;
  }

  async renew(): Promise<void> {
    const startedAt = monotonicMs();
    await this.#connection.write(() => {
      this.#register();
      this.#lookWhatIsHeld();
    });
    this.#renewedAt = Math.max(this.#renewedAt, startedAt);
  }

  isValid({ jobId, fence }: Lease): boolean {
    return this.#isFresh() && this.#held.get(jobId) === fence;
  }

  release(lease?: Lease): Promise<void> {
    return this.#connection.write(() => {
      if (lease === undefined) this.#releaseAll();
      else this.#sql.release.run(this.#owner, lease.fence, lease.jobId);
      this.#lookWhatIsHeld();
    });
  }

  /** Gives all leases back where that is possible at once; else they end by themselves. */
  abandon(): void {
    this.#connection.writeOnce(() => this.#releaseAll());
  }

  #releaseAll(): void {
    this.#sql.releaseAll.run(this.#owner);
    this.#sql.leave.run(this.#owner);
  }

  /** Whether no other server can have taken a lease since the last renewal. */
  #isFresh(): boolean {
    return monotonicMs() - this.#renewedAt < this.leaseMs;
  }

  /** Drops leases that others have taken. It must run in the transaction, so that nobody takes another meanwhile. */
  #lookWhatIsHeld(): void {
    this.#held = new Map(this.#sql.held.all(this.#owner).map(({ id, fence }) => [id, fence]));
  }

  #register(): void {
    // Since the last renewal others may have taken what is held here, and this one must not hide that.
    if (!this.#isFresh()) this.#lookWhatIsHeld();
    this.#sql.register.run({
      owner: this.#owner,
      ...partsOf(this.#self),
      expires_at: monotonicMs() + this.leaseMs,
    });
  }

  #isHeldByOther(owner: string | null): boolean {
    if (owner === null || owner === this.#owner) return false;
    const server = this.#sql.server.get(owner);
    if (server === undefined) return false;
    if (isGone(identityIn(server))) {
      this.#sql.leave.run(owner);
      return false;
    }
    const leftMs = server.expires_at - monotonicMs();
    // More than a whole lease left: the time is of another boot of the machine.
    return leftMs > 0 && leftMs <= this.leaseMs;
  }
}

function partsOf(self: ProcessIdentity | null) {
  const { pid, start, namespace } = self ?? { pid: process.pid, start: ':', namespace: '' };
  const colon = start.lastIndexOf(':');
  return { boot: start.slice(0, colon), namespace, pid, started: start.slice(colon + 1) };
}

function identityIn({ boot, namespace, pid, started }: ServerRow): ProcessIdentity {
  return { pid, start: `${boot}:${started}`, namespace };
}

/** Milliseconds of a clock that all processes of this machine share and that cannot be set. */
function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n);
}

function prepare({ db }: Connection) {
  return {
    log: db.prepare<[string], { seq: number; fence: number; owner: string | null }>(`
      SELECT seq, fence, owner FROM logs WHERE seq = (SELECT seq FROM jobs WHERE id = ?)`),
    held: db.prepare<[string], { id: string; fence: number }>(`
      SELECT jobs.id, logs.fence FROM logs INDEXED BY logs_open JOIN jobs USING (seq)
      WHERE logs.complete = 0 AND logs.owner = ?`),
    take: db.prepare<[string, number, number]>(
      'UPDATE logs SET owner = ?, fence = ? WHERE seq = ?',
    ),
    release: db.prepare<[string, number, string]>(`
      UPDATE logs SET owner = NULL
      WHERE owner = ? AND fence = ? AND seq = (SELECT seq FROM jobs WHERE id = ?)`),
    releaseAll: db.prepare<[string]>('UPDATE logs SET owner = NULL WHERE owner = ?'),
    server: db.prepare<[string], ServerRow>('SELECT * FROM servers WHERE owner = ?'),
    register: db.prepare<ServerRow>(`
      INSERT INTO servers (owner, boot, namespace, pid, started, expires_at)
      VALUES (@owner, @boot, @namespace, @pid, @started, @expires_at)
      ON CONFLICT (owner) DO UPDATE SET expires_at = excluded.expires_at`),
    leave: db.prepare<[string]>('DELETE FROM servers WHERE owner = ?'),
  };
}
