import Service

/// Texts of configurations for the tests.
enum Samples {
    /// The smallest that says something.
    static let minimal = """
        servers:
          production: { url: "https://couch1.example.org:6984" }
          standby: { url: "https://couch2.example.org:6984" }
        pairs:
          - source: production
            target: standby
            databases: ["*"]
        """

    /// Every section, with secrets by file, variable and command only.
    static let full = """
        servers:
          production:
            url: https://couch1.example.org:6984/couch
            user: backup
            password_file: /run/credentials/couchkeep/production
            auth: session
            ca_file: certificates/ca.pem
            replication_url: http://10.0.0.7:5984
            replication_user: replicator
            replication_password_command: [vault, read, couch]
            connect_timeout: 5s
            read_timeout: 2m
          standby:
            url: http://[fd00::2]:5984
            token_env: STANDBY_TOKEN
        pairs:
          - source: production
            target: standby
            databases:
              - "*"
              - "!scratch-*"
              - scratch-keep
              - { source: orders, target: orders_backup }
              - _users
            rename: "from-{name}"
            run_on: source
            mode: watch
            create_target: false
            thresholds: { lag_warning: 30m, changes_critical: 1000 }
            repairs: { per_hour: 1 }
          - source: standby
            target: production
            databases: [invoices]
            mode: off
        thresholds:
          lag_critical: 2h
          changes_warning: off
          pending_for: 90m
          stalled_for: 20m
          crashes_per_hour: 5
          mass_deletion: 0.5%
        repairs: { backoff: 30s, max_backoff: 7d }
        unprotected:
          report: true
          ignore: [scratch, "test-*"]
        notify:
          email:
            smtp: smtp.example.org:465
            user: couchkeep
            password_env: SMTP_PASSWORD
            from: Couchkeep <couchkeep@example.org>
            to: [ops@example.org, dba@example.org]
            ca_file: /etc/ssl/mail.pem
          webhook:
            url_file: webhook-url
            ca_file: hooks.pem
            headers: { Authorization: { file: /etc/couchkeep/token }, X-Team: { env: TEAM }, X-Key: { command: [pass] } }
          command: { argv: [/usr/local/bin/page, --team, db], timeout: 10s }
          heartbeat: { url_env: HEARTBEAT_URL, every: 15m, ca_file: /etc/ssl/hc.pem }
          remind_after: 4h
        vault: { path: /srv/vault, key_file: vault.key, keep: { within: 7d, daily: 30, monthly: 12 } }
        verify: { revisions: 1d, bodies: 1% daily }
        drill: { every: 7d, server: standby }
        state: state
        """

    static func read(_ text: String, exposure: String? = nil) throws(ConfigurationError) -> LoadedConfiguration {
        try ConfigurationReader.read(text, file: "couchkeep.yaml", folder: "/etc/couchkeep", exposure: exposure)
    }

    /// What is wrong with a text; empty when nothing is.
    static func issues(in text: String, exposure: String? = nil) -> [ConfigurationIssue] {
        do throws(ConfigurationError) {
            _ = try read(text, exposure: exposure)
            return []
        } catch {
            return error.issues
        }
    }
}
