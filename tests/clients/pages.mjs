// All users, page by page.
import { PageIterator } from '@microsoft/microsoft-graph-client';
import { client, result } from './client.mjs';

const ids = [];
const page = await client.api('/users').top(100).select('id').get();
const pages = new PageIterator(client, page, (user) => ids.push(user.id) > 0);
await pages.iterate();

result({ ids, complete: pages.isComplete() });
