import ArgumentParser

/// `couchkeep verify`: whether every leaf revision of the source is in the backup, and the other way round.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare a backup with its source, by their revisions or bodies.",
        discussion: """
            Reads both feeds at the same time and compares all leaf revisions of all documents, deleted ones too, in \
            both directions. The databases may be written to meanwhile: what seems to differ is looked at again until it \
            is sure. Memory stays the same whatever the size.

            Pairs of the configuration, with its users and passwords; what comes of it is remembered, and is the light \
            VERIFIED of couchkeep status:
              couchkeep verify                      all pairs, one after the other
              couchkeep verify orders               one pair, on a server or in the vault
              couchkeep verify vault:orders         the one in the vault, where both have that name
              couchkeep verify list                 what was verified when, and what came of it
              couchkeep verify show 12              one verification with its differences
              couchkeep verify stop orders          stops the one that is running
              couchkeep verify resume 12            goes on with one that was stopped or cut off

            Any two databases, without a configuration:
              couchkeep verify http://couch1:5984/orders http://couch2:5984/orders --user backup
              couchkeep verify http://couch1:5984/orders vault:orders
              couchkeep verify vault:orders http://couch2:5984/restored --at "2026-11-20 14:00"
              couchkeep verify http://couch1:5984/orders vault:orders --level bodies --share 1%

            A database of a server that the configuration names, with its login:
              couchkeep verify vault:orders standby/orders_restored

            Level counts compares numbers of documents only, which proves little. Level bodies compares the content of \
            all revisions too, with their attachments, and proves each against its own revision id where CouchDB made \
            it. With --share, each day has another part of the documents, and all days together cover everything.

            Exit code 0 where they are equal, 10 where they differ, 20 where that can't be known, 3 where it was stopped.
            """,
        subcommands: [
            VerifyRunCommand.self, VerifyListCommand.self, VerifyShowCommand.self, VerifyStopCommand.self,
            VerifyResumeCommand.self,
        ],
        defaultSubcommand: VerifyRunCommand.self)
}
