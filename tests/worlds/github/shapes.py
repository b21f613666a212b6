"""People, repositories, issues, comments and the app in the JSON shapes of GitHub's webhooks and REST answers."""

import base64
from collections import Counter
from typing import Literal

from tests.worlds.github.state import App, Comment, Installation, Issue, Person, Reaction, Repository
from tests.worlds.github.wire import Json

CONTENTS = ("+1", "-1", "laugh", "hooray", "confused", "heart", "rocket", "eyes")

_USER_URLS = {
    "followers_url": "/followers",
    "following_url": "/following{/other_user}",
    "gists_url": "/gists{/gist_id}",
    "starred_url": "/starred{/owner}{/repo}",
    "subscriptions_url": "/subscriptions",
    "organizations_url": "/orgs",
    "repos_url": "/repos",
    "events_url": "/events{/privacy}",
    "received_events_url": "/received_events",
}
_REPOSITORY_URLS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}


def node(kind: str, number: int) -> str:
    """A global node id: opaque to clients, readable to the world."""
    return f"{kind}_" + base64.urlsafe_b64encode(f"{number}".encode()).decode().rstrip("=")


def number_of(node_id: str) -> int:
    """The number within a node id, 0 when it is none of ours."""
    _, _, text = node_id.rpartition("_")
    try:
        return int(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return 0


class Shapes:
    """Shapes for one host; `url` is its web address without a slash at the end."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.api = f"{url}/api/v3"

    def person(self, person: Person) -> Json:
        """A simple user."""
        api = f"{self.api}/users/{person.login}"
        return {
            "login": person.login,
            "id": person.id,
            "node_id": node("U", person.id),
            "avatar_url": f"{self.url}/avatars/u/{person.id}",
            "gravatar_id": "",
            "url": api,
            "html_url": f"{self.url}/{person.login}",
            **{name: api + tail for name, tail in _USER_URLS.items()},
            "type": person.kind,
            "site_admin": False,
        }

    def repository(self, repository: Repository) -> Json:
        """A repository, as webhooks show it; REST shows the same and more."""
        api, html = self.api_of(repository), self.html_of(repository)
        host = self.url.partition("://")[2]
        issues = sum(issue.state == "open" for issue in repository.issues.values())
        nothing = ("description", "homepage", "language", "license", "mirror_url")
        zero = ("size", "stargazers_count", "watchers_count", "watchers", "forks", "forks_count")
        no = ("has_pages", "is_template", "web_commit_signoff_required", "has_discussions")
        yes = ("has_issues", "has_projects", "has_downloads", "has_wiki", "allow_forking")
        return {
            **self.small_repository(repository),
            "owner": self.person(repository.owner),
            "html_url": html,
            "url": api,
            "fork": repository.parent is not None,
            **{f"{name}_url": api + tail for name, tail in _REPOSITORY_URLS.items()},
            "archive_url": f"{api}/{{archive_format}}{{/ref}}",
            "clone_url": f"{html}.git",
            "svn_url": html,
            "git_url": f"git://{host}/{repository.full_name}.git",
            "ssh_url": f"git@{host.partition(':')[0]}:{repository.full_name}.git",
            **dict.fromkeys(nothing),
            **dict.fromkeys(zero, 0),
            **dict.fromkeys(no, False),
            **dict.fromkeys(yes, True),
            "open_issues": issues,
            "open_issues_count": issues,
            "archived": repository.archived,
            "disabled": False,
            "topics": [],
            "visibility": "private" if repository.private else "public",
            "custom_properties": {},
            "default_branch": repository.default_branch,
            "created_at": repository.created_at,
            "updated_at": repository.created_at,
            "pushed_at": repository.created_at,
        }

    def full_repository(self, repository: Repository) -> Json:
        """A repository as `GET /repos/{owner}/{repo}` answers it."""
        whole = self.repository(repository) | {"network_count": 0, "subscribers_count": 0}
        if repository.parent is not None:
            whole |= {"parent": self.repository(repository.parent), "source": self.repository(repository.parent)}
        return whole

    def small_repository(self, repository: Repository) -> Json:
        """The five fields of an installation's repositories."""
        return {
            "id": repository.id,
            "node_id": node("R", repository.id),
            "name": repository.name,
            "full_name": repository.full_name,
            "private": repository.private,
        }

    def api_of(self, repository: Repository) -> str:
        return f"{self.api}/repos/{repository.full_name}"

    def html_of(self, repository: Repository) -> str:
        return f"{self.url}/{repository.full_name}"

    def label(self, repository: Repository, name: str) -> Json:
        number = repository.label_ids.get(name, 0)
        return {
            "id": number,
            "node_id": node("LA", number),
            "url": f"{self.api_of(repository)}/labels/{name}",
            "name": name,
            "color": "ededed",
            "default": False,
            "description": None,
        }

    def issue(self, repository: Repository, issue: Issue) -> Json:
        """An issue, or a pull request seen as one."""
        api = f"{self.api_of(repository)}/issues/{issue.number}"
        part = "issues" if issue.pull is None else "pull"
        shape: Json = {
            "url": api,
            "repository_url": self.api_of(repository),
            "labels_url": f"{api}/labels{{/name}}",
            "comments_url": f"{api}/comments",
            "events_url": f"{api}/events",
            "timeline_url": f"{api}/timeline",
            "html_url": f"{self.html_of(repository)}/{part}/{issue.number}",
            "id": issue.id,
            "node_id": node("I", issue.id),
            "number": issue.number,
            "title": issue.title,
            "user": self.person(issue.by),
            "labels": [self.label(repository, name) for name in issue.labels],
            "state": issue.state,
            "state_reason": issue.state_reason,
            "locked": False,
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "comments": len(issue.comments),
            "created_at": issue.created_at,
            "updated_at": issue.updated_at,
            "closed_at": issue.closed_at,
            "author_association": self.association(repository, issue.by),
            "active_lock_reason": None,
            "body": issue.body,
            "reactions": self.reactions(f"{api}/reactions", issue.reactions),
            "performed_via_github_app": self.app(issue.via_app) if issue.via_app else None,
        }
        if issue.pull is not None:
            html = shape["html_url"]
            shape["draft"] = issue.pull.draft
            shape["pull_request"] = {
                "url": f"{self.api_of(repository)}/pulls/{issue.number}",
                "html_url": html,
                "diff_url": f"{html}.diff",
                "patch_url": f"{html}.patch",
                "merged_at": issue.pull.merged_at,
            }
        return shape

    def comment(self, repository: Repository, issue: Issue, comment: Comment) -> Json:
        """A comment on an issue or on a pull request's conversation."""
        api = f"{self.api_of(repository)}/issues/comments/{comment.id}"
        part = "issues" if issue.pull is None else "pull"
        return {
            "url": api,
            "html_url": f"{self.html_of(repository)}/{part}/{issue.number}#issuecomment-{comment.id}",
            "issue_url": f"{self.api_of(repository)}/issues/{issue.number}",
            "id": comment.id,
            "node_id": node("IC", comment.id),
            "user": self.person(comment.by),
            "created_at": comment.created_at,
            "updated_at": comment.updated_at,
            "author_association": self.association(repository, comment.by),
            "body": comment.body,
            "reactions": self.reactions(f"{api}/reactions", comment.reactions),
            "performed_via_github_app": self.app(comment.via_app) if comment.via_app else None,
        }

    def reactions(self, url: str, reactions: list[Reaction]) -> Json:
        """The counts beside an issue or comment."""
        counts = Counter(reaction.content for reaction in reactions)
        return {"url": url, "total_count": len(reactions), **{name: counts[name] for name in CONTENTS}}

    def reaction(self, reaction: Reaction) -> Json:
        return {
            "id": reaction.id,
            "node_id": node("REA", reaction.id),
            "user": self.person(reaction.by),
            "content": reaction.content,
            "created_at": reaction.at,
        }

    def app(self, app: App) -> Json:
        """The app as everybody sees it."""
        return {
            "id": app.id,
            "slug": app.slug,
            "node_id": node("A", app.id),
            "owner": self.person(app.owner),
            "name": app.name,
            "description": "",
            "external_url": "https://pointsman.example",
            "html_url": f"{self.url}/apps/{app.slug}",
            "created_at": app.created_at,
            "updated_at": app.created_at,
            "permissions": dict(app.permissions),
            "events": list(app.events),
        }

    def installation(self, app: App, installation: Installation) -> Json:
        api = f"{self.api}/app/installations/{installation.id}"
        account = installation.account
        return {
            "id": installation.id,
            "account": self.person(account),
            "repository_selection": "selected",
            "access_tokens_url": f"{api}/access_tokens",
            "repositories_url": f"{self.api}/installation/repositories",
            "html_url": f"{self.url}/settings/installations/{installation.id}",
            "app_id": app.id,
            "app_slug": app.slug,
            "target_id": account.id,
            "target_type": "Organization" if account.kind == "Organization" else "User",
            "permissions": dict(installation.permissions),
            "events": list(app.events),
            "created_at": installation.created_at,
            "updated_at": installation.created_at,
            "single_file_name": None,
            "has_multiple_single_files": False,
            "single_file_paths": [],
            "suspended_by": self.person(account) if installation.suspended_at else None,
            "suspended_at": installation.suspended_at,
        }

    def association(
        self, repository: Repository, person: Person
    ) -> Literal["OWNER", "COLLABORATOR", "CONTRIBUTOR", "NONE"]:
        """What webhooks say of somebody; private members of organisations come as CONTRIBUTOR, so none is MEMBER."""
        if person == repository.owner:
            return "OWNER"
        if person.id in repository.roles:
            return "CONTRIBUTOR" if repository.owner.kind == "Organization" else "COLLABORATOR"
        return "NONE"
