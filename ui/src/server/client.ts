// Requests in a session's name. A refused token is renewed once and the request repeated: a 401 means the server did
// nothing, so repeating cannot do anything twice. No other failure is ever repeated here.
import { Problem } from "./problem";
import { rest, type Fetch, type Request } from "./rest";
import type { Session } from "./session";
import type { Page } from "./wire";

/** The most rows that the server puts on one page. */
const LARGEST_PAGE = 500;

export class Client {
  constructor(
    private readonly fetch: Fetch,
    readonly session: Session,
  ) {}

  /** `path` below `/api/v1/tenants/{tenant}/`. Null stands for 204, "there is nothing". */
  async ask<T>(method: Request["method"], path: string, body?: unknown): Promise<T | null> {
    const whole = `/api/v1/tenants/${encodeURIComponent(this.session.tenant)}/${path}`;
    const once = async () => rest<T>(this.fetch, { method, path: whole, body, token: await this.session.access() });
    try {
      return await once();
    } catch (thrown) {
      if (!(thrown instanceof Problem) || thrown.status !== 401) throw thrown;
      this.session.distrust();
      return once();
    }
  }

  async get<T>(path: string): Promise<T> {
    const answer = await this.ask<T>("GET", path);
    if (answer === null) throw new Problem("garbage");
    return answer;
  }

  /**
   * A list to its end, at most `most` rows. Pages are asked for by number and not by the address in `next`, which names the
   * server as somebody else may reach it.
   */
  async list<T>(path: string, parameters: Record<string, string> = {}, most = 1_000): Promise<T[]> {
    const rows: T[] = [];
    const page_size = String(Math.min(most, LARGEST_PAGE));
    for (let page = 1; rows.length < most; page++) {
      const query = new URLSearchParams({ ...parameters, page_size, page: String(page) });
      const answer = await this.get<Page<T>>(`${path}?${query}`);
      if (!Array.isArray(answer.results)) throw new Problem("garbage");
      rows.push(...answer.results);
      if (answer.next === null || answer.results.length === 0) break;
    }
    return rows.slice(0, most);
  }
}
