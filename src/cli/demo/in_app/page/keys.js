// Temporary keys for an OpenID Connect token, as AWS STS gives them: they open the user's own endpoints alone.
export class Keys {
  #current = null;

  constructor(base, roleArn) {
    this.base = base;
    this.roleArn = roleArn;
  }

  async signIn(token) {
    const body = new URLSearchParams({
      Action: 'AssumeRoleWithWebIdentity',
      Version: '2011-06-15',
      RoleArn: this.roleArn,
      RoleSessionName: 'demo',
      WebIdentityToken: token,
    });
    const response = await fetch(`${this.base}/`, { method: 'POST', body });
    const answer = new DOMParser().parseFromString(await response.text(), 'application/xml');
    const text = (name) => answer.getElementsByTagName(name)[0]?.textContent ?? '';
    if (!response.ok) throw new Error(`${text('Code')}: ${text('Message')}`);
    this.#current = {
      credentials: {
        accessKeyId: text('AccessKeyId'),
        secretAccessKey: text('SecretAccessKey'),
        sessionToken: text('SessionToken'),
        expiration: new Date(text('Expiration')),
      },
      identityId: text('SubjectFromWebIdentityToken'),
    };
  }

  // What Amplify asks for keys: see "Custom credentials provider" in its documentation.
  provider() {
    return {
      getCredentialsAndIdentityId: async () => this.#current ?? undefined,
      clearCredentialsAndIdentityId: () => {
        this.#current = null;
      },
    };
  }
}
