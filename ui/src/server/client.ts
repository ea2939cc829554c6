// Requests in a session's name. A refused token is renewed once and the request repeated: a 401 means the server did
// nothing, so repeating cannot do anything twice. No other failure is ever repeated here.
import { Problem } from "./problem";
import { rest, type Fetch, type Request } from "./rest";
import type { Session } from "./session";
import type { Page } from "./wire";

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

  /** Every page of a list, at most `most` rows: a page that shows a day needs no more. */
  async list<T>(path: string, most = 500): Promise<T[]> {
    const rows: T[] = [];
    let next: string | null = path;
    while (next !== null && rows.length < most) {
      const page: Page<T> = await this.get<Page<T>>(next);
      if (!Array.isArray(page.results)) throw new Problem("garbage");
      rows.push(...page.results);
      next = page.next === null ? null : below(page.next);
    }
    return rows.slice(0, most);
  }
}

/** `next` is an address; the part below the tenant is what `ask` wants. Anything else ends the list. */
function below(address: string): string | null {
  return /\/api\/v1\/tenants\/[^/]+\/(.+)$/.exec(address)?.[1] ?? null;
}
