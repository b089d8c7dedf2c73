import Foundation
import GRDB
import Replication

extension VaultDatabase {
    /// The settings as of the moment, or now.
    package func sourceSettings() async throws -> SourceSettings {
        try await file.read { database in
            var settings = SourceSettings()
            for row in try SettingRow.all(horizon(database), database) {
                let text = String(decoding: row.value, as: UTF8.self)
                switch row.kind {
                case .security: settings.security = row.value
                case .revisionsLimit: settings.revisionsLimit = Int(text)
                case .q: settings.q = Int(text)
                case .n: settings.n = Int(text)
                case .partitioned: settings.isPartitioned = text == "true"
                case .local: settings.localDocuments[DocumentID(row.name)] = row.value
                }
            }
            return settings
        }
    }

    /// Keeps the settings as they are now; the older ones stay readable at their moments.
    package func store(_ settings: SourceSettings) async throws {
        try writable()
        try await file.write { database in
            let state = try StateRow(database)
            let horizon = Horizon(first: state.first, moment: nil)
            var wanted = settings.rows
            for row in try SettingRow.all(horizon, database) {
                let index = wanted.firstIndex { $0.kind == row.kind && Data($0.name.utf8) == Data(row.name.utf8) }
                if let index, wanted[index].value == row.value {
                    wanted.remove(at: index)
                } else {
                    try Ledger.setting.update(row.id, set: "superseded", to: state.moment, database)
                }
            }
            var next = (try Int64.fetchOne(database, sql: "SELECT max(id) FROM setting") ?? 0) + 1
            for row in wanted {
                try Ledger.setting.insert(
                    [next, row.kind.rawValue, Data(row.name.utf8), row.value, state.moment, nil], database)
                next += 1
            }
        }
    }
}

extension SourceSettings {
    fileprivate var rows: [(kind: SettingRow.Kind, name: String, value: Data)] {
        var rows: [(kind: SettingRow.Kind, name: String, value: Data)] = []
        if let security { rows.append((.security, "", security)) }
        for (kind, number) in [(SettingRow.Kind.revisionsLimit, revisionsLimit), (.q, q), (.n, n)] {
            if let number { rows.append((kind, "", Data("\(number)".utf8))) }
        }
        if let isPartitioned { rows.append((.partitioned, "", Data("\(isPartitioned)".utf8))) }
        for (id, document) in localDocuments { rows.append((.local, id.text, document)) }
        return rows
    }
}
