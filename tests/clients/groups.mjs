// A group whose members come in three ways; one of them leaves.
import { client, result, url } from './client.mjs';

const users = (await client.api('/users').select('id').get()).value.map((user) => user.id);
const bind = (ids) => ids.map((id) => url + '/directoryObjects/' + id);

async function members(group) {
	const answer = await client.api(`/groups/${group}/members`).get();

	return answer.value.map((member) => member.displayName).sort();
}

const { id } = await client.api('/groups').post({
	displayName: 'crew',
	mailNickname: 'crew',
	mailEnabled: false,
	securityEnabled: true,
	'members@odata.bind': bind(users.slice(0, 2)),
});
const created = await members(id);
await client.api('/groups/' + id).patch({ 'members@odata.bind': bind(users.slice(2, 4)) });
const patched = await members(id);
await client.api(`/groups/${id}/members/$ref`).post({ '@odata.id': bind(users.slice(4))[0] });
const added = await members(id);
await client.api(`/groups/${id}/members/${users[0]}/$ref`).delete();

result({ created, patched, added, removed: await members(id) });
