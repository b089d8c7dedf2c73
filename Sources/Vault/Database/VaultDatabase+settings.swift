import Foundation
import GRDB
import Replication

extension VaultDatabase {
    /// The settings as of the moment, or now; damaged ones are only counted.
    package func sourceSettings() async throws -> SourceSettings {
        try await file.read { database in
            var settings = SourceSettings()
            let keyring = try file.keyring()
            let (rows, damaged) = try SettingRow.read(horizon(database), database)
            // Of a row that is gone nobody knows at which moments it counted.
            settings.lost = damaged.count + (try Ledger.setting.goneRows(database))
            for stored in rows {
                let row = try keyring.map { try stored.opened($0, database) } ?? stored
                let text = String(decoding: row.value, as: UTF8.self)
                switch row.kind {
                case .security: settings.security = row.value
                case .revisionsLimit: settings.revisionsLimit = Int(text)
                case .q: settings.q = Int(text)
                case .n: settings.n = Int(text)
                case .partitioned: settings.isPartitioned = text == "true"
                case .local:
                    settings.localDocuments[DocumentID(String(decoding: row.name, as: UTF8.self))] = row.value
                }
            }
            return settings
        }
    }

    /// Keeps the settings as they are now; the older ones stay readable at their moments.
    ///
    /// - Parameter unread: what could not be read, and stays as it was.
    package func store(_ settings: SourceSettings, keeping unread: Set<SourceSettings.Part> = []) async throws {
        try writable()
        var rows = settings.rows
        if let keyring = try file.keyring() {
            let sealer = try await keyring.sealer(file)
            rows = try rows.map { try $0.sealed(keyring, sealer) }
        }
        let sealed = rows
        let kept = Set(unread.map { SettingRow.Kind($0) })
        try await file.write { database in
            guard try Ledger.setting.goneRows(database) == 0 else {
                throw DatabaseError(resultCode: .SQLITE_CORRUPT, message: "a setting is gone")
            }
            let state = try StateRow(database)
            let horizon = Horizon(first: state.first, moment: nil)
            var wanted = sealed
            for row in try SettingRow.all(horizon, database) {
                if let index = wanted.firstIndex(where: { $0.isEqual(row) }) {
                    wanted.remove(at: index)
                } else if !kept.contains(row.kind) {
                    try Ledger.setting.update(row.id, set: "superseded", to: state.moment, database)
                }
            }
            var next = (try Int64.fetchOne(database, sql: "SELECT max(id) FROM setting") ?? 0) + 1
            for row in wanted {
                try Ledger.setting.insert(
                    [next, row.kind.rawValue, row.name, row.value, state.moment, nil, row.token], database)
                next += 1
            }
        }
    }
}

extension SourceSettings {
    fileprivate var rows: [SettingRow] {
        var rows: [SettingRow] = []
        func add(_ kind: SettingRow.Kind, _ name: String, _ value: Data) {
            rows.append(SettingRow(kind: kind, name: Data(name.utf8), value: value))
        }
        if let security { add(.security, "", security) }
        for (kind, number) in [(SettingRow.Kind.revisionsLimit, revisionsLimit), (.q, q), (.n, n)] {
            if let number { add(kind, "", Data("\(number)".utf8)) }
        }
        if let isPartitioned { add(.partitioned, "", Data("\(isPartitioned)".utf8)) }
        for (id, document) in localDocuments { add(.local, id.text, document) }
        return rows
    }
}

extension SettingRow.Kind {
    /// The rows in which a part of the settings is.
    fileprivate init(_ part: SourceSettings.Part) {
        self =
            switch part {
            case .security: .security
            case .revisionsLimit: .revisionsLimit
            case .localDocuments: .local
            }
    }
}
